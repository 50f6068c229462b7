//! Whatever a portal answers, alone or in a batch, it is read or is an error that can be shown. The first byte is the
//! status.

#![no_main]

use b24bot_actions::fuzzing::read_answer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((status, body)) = input.split_first() else { return };
    read_answer(100 + u16::from(*status) * 2, body);
});
