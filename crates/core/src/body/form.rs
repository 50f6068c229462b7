//! `application/x-www-form-urlencoded` with brackets, as PHP's `http_build_query` writes it and PHP reads it.

use std::borrow::Cow;

use super::{Document, Key, Leaf, MAX_DEPTH, MAX_VALUES, Place, key_of};
use crate::{DecodeError, DecodeErrorKind};

pub(super) fn parse(body: &[u8]) -> Result<Document<'_>, DecodeError> {
    let mut path =
        Path { document: Document::new(body.len()), before: &[], steps: Vec::with_capacity(MAX_DEPTH) };
    let mut rest = body;
    for _ in 0..=MAX_VALUES {
        match rest {
            [] => return Ok(path.document),
            [b'&', after @ ..] => rest = after,
            _ => rest = path.put(rest)?,
        }
    }
    Err(DecodeError::new(DecodeErrorKind::TooComplex))
}

/// Text without its `+` and `%`; what is no UTF-8 is replaced.
pub(super) fn decode(encoded: &[u8]) -> Cow<'_, str> {
    // Most values are so short that a search would take longer to begin than a loop to end.
    let is_plain = if encoded.len() < 32 {
        !encoded.iter().any(|byte| matches!(byte, b'+' | b'%'))
    } else {
        memchr::memchr2(b'+', b'%', encoded).is_none()
    };
    if is_plain {
        return std::str::from_utf8(encoded).map_or_else(|_| String::from_utf8_lossy(encoded), Cow::Borrowed);
    }
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'+' | b'%')) {
        decoded.extend_from_slice(&rest[..at]);
        let coded = if rest[at] == b'%' { hexadecimal(&rest[at + 1..]) } else { Some(b' ') };
        decoded.push(coded.unwrap_or(b'%'));
        rest = &rest[at + if rest[at] == b'%' && coded.is_some() { 3 } else { 1 }..];
    }
    decoded.extend_from_slice(rest);
    Cow::Owned(
        String::from_utf8(decoded)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// The number that is written in digits alone, without a copy; others are for [`decode`].
pub(super) fn digits(encoded: &[u8]) -> Option<u64> {
    let digit = |number: u64, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'));
    // As many digits as are below u64::MAX whatever they are.
    if (1..20).contains(&encoded.len()) { encoded.iter().try_fold(0, digit) } else { None }
}

/// The byte that the two digits at the beginning stand for.
fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

/// Walks from one key to the next. Keys come depth first, so most of the way is the same as the last time.
struct Path<'body> {
    document: Document<'body>,
    /// The body from the pair before this one on.
    before: &'body [u8],
    /// The containers on the way there, each with where its segment ends in the pair.
    steps: Vec<(usize, Place)>,
}

impl<'body> Path<'body> {
    /// Puts the pair at the beginning of the body, and returns what follows it. `data[BOT][5]=x` is at `data`, `BOT`,
    /// `5`. An empty segment takes the next free index; brackets that do not close are part of the name.
    fn put(&mut self, body: &'body [u8]) -> Result<&'body [u8], DecodeError> {
        let mut first = None;
        while let Some((end, _)) = self.steps.last() {
            // On the same way, if a segment follows where that step ended.
            first = if body.starts_with(&self.before[..*end]) { segment(&body[*end..]) } else { None };
            if first.is_some() {
                break;
            }
            self.steps.pop();
        }
        self.before = body;
        let (mut at, mut place) = self.steps.last().copied().unwrap_or((0, 0));
        let mut segment = first.unwrap_or_else(|| first_name(body));
        at += segment.length;
        let mut depth = self.steps.len();
        let mut same_next_time = true;
        while let Some(next) = self::segment(&body[at..]) {
            depth += 1;
            if depth == MAX_DEPTH {
                return Err(DecodeError::new(DecodeErrorKind::TooComplex));
            }
            // An empty segment is another index the next time.
            same_next_time &= !segment.is_index(place);
            place = if segment.is_index(place) {
                let index = next_index(&self.document, place);
                self.document.append(place, index, Leaf::Map)?
            } else {
                self.document.child(place, segment.key())?
            };
            if !matches!(self.document.values[place as usize].leaf, Leaf::Map) {
                self.document.set(place, Leaf::Map);
            }
            if same_next_time {
                self.steps.push((at, place));
            }
            segment = next;
            at += segment.length;
        }
        let key = if segment.is_index(place) { next_index(&self.document, place) } else { segment.key() };
        // What follows the last bracket is no part of the name, and mostly nothing.
        let rest = &body[at..];
        let end = memchr::memchr(b'&', rest).unwrap_or(rest.len());
        let (value, rest) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
        let value = match value {
            [b'=', value @ ..] => value,
            _ => memchr::memchr(b'=', value).map_or(&[][..], |equals| &value[equals + 1..]),
        };
        self.document.append(place, key, Leaf::Encoded(value))?;
        Ok(rest)
    }
}

/// A name in a key.
struct Segment<'body> {
    name: &'body [u8],
    /// With its brackets.
    length: usize,
    /// Whether the name is what is written, and not encoded.
    is_plain: bool,
}

impl<'body> Segment<'body> {
    fn is_index(&self, parent: Place) -> bool {
        self.name.is_empty() && parent != 0
    }

    fn key(&self) -> Key<'body> {
        if self.is_plain { Cow::Borrowed(self.name) } else { key_of(decode(self.name)) }
    }
}

/// What comes before the first bracket; all of the key where no segment follows, or nothing comes before.
fn first_name(body: &[u8]) -> Segment<'_> {
    let key = &body[..memchr::memchr2(b'=', b'&', body).unwrap_or(body.len())];
    let name = match (1..key.len()).find(|at| bracket(&key[*at..], b'[').is_some()) {
        Some(open) if bracket(key, b'[').is_none() && segment(&key[open..]).is_some() => &key[..open],
        _ => key,
    };
    Segment { name, length: name.len(), is_plain: !name.iter().any(|byte| IS_SPECIAL[usize::from(*byte)]) }
}

/// The segment in brackets at the beginning.
fn segment(body: &[u8]) -> Option<Segment<'_>> {
    let open = bracket(body, b'[')?;
    let (mut close, mut is_plain) = (open, true);
    loop {
        close += body[close..].iter().position(|byte| IS_SPECIAL[usize::from(*byte)])?;
        if let Some(length) = bracket(&body[close..], b']') {
            return Some(Segment { name: &body[open..close], length: close + length, is_plain });
        }
        if matches!(body[close], b'=' | b'&') {
            return None;
        }
        is_plain = false;
        close += 1;
    }
}

/// What ends a name, or keeps it from being what is written.
const IS_SPECIAL: [bool; 256] = {
    let mut is_special = [false; 256];
    let mut byte = 0_u8;
    loop {
        is_special[byte as usize] = matches!(byte, b']' | b'=' | b'&' | b'%' | b'+' | 0x80..);
        if byte == u8::MAX {
            break is_special;
        }
        byte += 1;
    }
};

/// The length of that bracket at the beginning, plain or encoded.
fn bracket(key: &[u8], bracket: u8) -> Option<usize> {
    match key {
        [b'%', b'5', code, ..] if (code | 0x20) == (if bracket == b'[' { b'b' } else { b'd' }) => Some(3),
        [first, ..] if *first == bracket => Some(1),
        _ => None,
    }
}

fn next_index(document: &Document<'_>, parent: Place) -> Key<'static> {
    document.values[parent as usize].free.to_string().into_bytes().into()
}

/// The index that a name is. One with a zero too many is a name to PHP.
pub(super) fn index(name: &[u8]) -> Option<u64> {
    if matches!(name, [b'0', _, ..]) { None } else { digits(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_json(body: &str) -> String {
        serde_json::to_string(&parse(body.as_bytes()).unwrap().root().to_value()).unwrap()
    }

    proptest::proptest! {
        #[test]
        fn text_is_decoded_as_forms_are(encoded in r"([a-c]|é|\+|%|%[0-9a-fA-F]{2}|%[0-9a-g]){0,40}") {
            let form = format!("x={encoded}");
            let (_, expected) = form_urlencoded::parse(form.as_bytes()).next().unwrap();
            proptest::prop_assert_eq!(decode(encoded.as_bytes()), expected);
        }
    }

    #[test]
    fn brackets_become_a_tree() {
        for (body, json) in [
            ("a=1&b=2", r#"{"a":"1","b":"2"}"#),
            ("a[b][c]=1&a[b][d]=2&a[e]=3", r#"{"a":{"b":{"c":"1","d":"2"},"e":"3"}}"#),
            ("a[b]=1&a[bc]=2&ab[b]=3", r#"{"a":{"b":"1","bc":"2"},"ab":{"b":"3"}}"#),
            ("a%5Bb%5D=x+y%26%3D%D1%81", r#"{"a":{"b":"x y&=с"}}"#),
            ("a=x=y+z&b=%3D=", r#"{"a":"x=y z","b":"=="}"#),
            ("a[]=1&a[]=2", r#"{"a":{"0":"1","1":"2"}}"#),
            ("a[][b][c]=1&a[][b][d]=2", r#"{"a":{"0":{"b":{"c":"1"}},"1":{"b":{"d":"2"}}}}"#),
            ("a[][b]=1&a[][b]=2", r#"{"a":{"0":{"b":"1"},"1":{"b":"2"}}}"#),
            ("a[1]=x&a[]=y&a[0]=z&a[]=w", r#"{"a":{"1":"x","2":"y","0":"z","3":"w"}}"#),
            ("a[5][x]=1&a[7][x]=2", r#"{"a":{"5":{"x":"1"},"7":{"x":"2"}}}"#),
            ("a[b]=1&c=2&a[d]=3", r#"{"a":{"b":"1","d":"3"},"c":"2"}"#),
            ("a[5]=x&a[b]=y&a[]=z", r#"{"a":{"5":"x","b":"y","6":"z"}}"#),
            ("a[05]=x&a[%2B7]=y&a[]=z", r#"{"a":{"05":"x","+7":"y","0":"z"}}"#),
            ("a[]=x&a[0]=y&a[]=z&a[0]=w", r#"{"a":{"0":"w","1":"z"}}"#),
            ("a[18446744073709551615]=x&a[]=y", r#"{"a":{"18446744073709551615":"x","0":"y"}}"#),
            ("a&b=", r#"{"a":"","b":""}"#),
            ("a=%ff", "{\"a\":\"\u{fffd}\"}"),
            ("a+b%5Bc+%64%5D=1", r#"{"a b":{"c d":"1"}}"#),
        ] {
            assert_eq!(as_json(body), json, "{body}");
        }
    }

    #[test]
    fn odd_keys_are_kept_as_php_would() {
        for (body, json) in [
            ("a=1&a=2", r#"{"a":"2"}"#),
            ("a=1&a[b]=2", r#"{"a":{"b":"2"}}"#),
            ("a[b]=1&a=2&a[c]=3", r#"{"a":{"c":"3"}}"#),
            ("a[x]=1&a[b=2", r#"{"a":{"x":"1"},"a[b":"2"}"#),
            ("a[b=1", r#"{"a[b":"1"}"#),
            ("[a]=1", r#"{"[a]":"1"}"#),
            ("a[b]c[d]=1", r#"{"a":{"b":"1"}}"#),
            ("a[b][c=1", r#"{"a":{"b":"1"}}"#),
        ] {
            assert_eq!(as_json(body), json, "{body}");
        }
    }
}
