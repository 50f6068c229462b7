//! Numbered records in order, with a bound on how many are kept and on what their long texts take.

use std::collections::VecDeque;

/// A record with texts that may be dropped before the record itself.
pub(crate) trait Bulky {
    /// Bytes of those texts; 0 once they are dropped.
    fn bulk(&self) -> usize;

    /// Drops them.
    fn slim(&mut self);
}

/// The newest records. Numbers begin at 1 and go on after a clear.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    entries: VecDeque<(u64, T)>,
    /// The number given last.
    last: u64,
    most: usize,
    room: usize,
    bulk: usize,
    /// How many, from the oldest on, have no texts any more.
    slim: usize,
}

impl<T: Bulky> Ring<T> {
    /// Keeps `most` records, and the newest texts that fit into `room` bytes.
    pub(crate) fn new(most: usize, room: usize) -> Self {
        Self { entries: VecDeque::new(), last: 0, most, room, bulk: 0, slim: 0 }
    }

    /// Adds a record and gives its number.
    pub(crate) fn add(&mut self, record: T) -> u64 {
        if self.entries.len() == self.most
            && let Some((_, oldest)) = self.entries.pop_front()
        {
            self.bulk -= oldest.bulk();
            self.slim = self.slim.saturating_sub(1);
        }
        self.last += 1;
        self.bulk += record.bulk();
        self.entries.push_back((self.last, record));
        while self.bulk > self.room
            && let Some((_, oldest)) = self.entries.get_mut(self.slim)
        {
            self.bulk -= oldest.bulk();
            oldest.slim();
            self.slim += 1;
        }
        self.last
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        (self.bulk, self.slim) = (0, 0);
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        let (first, _) = self.entries.front()?;
        let index = usize::try_from(number.checked_sub(*first)?).ok()?;
        self.entries.get(index).map(|(_, record)| record)
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        self.entries.iter().map(|(number, record)| (*number, record))
    }
}

/// At most `most` bytes of a text; a cut says how long it was.
pub(crate) fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let whole = text.len();
        text.truncate(text.floor_char_boundary(most));
        text.push_str(&format!("… ({whole} bytes)"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Bulky for String {
        fn bulk(&self) -> usize {
            self.len()
        }

        fn slim(&mut self) {
            self.clear();
        }
    }

    #[test]
    fn old_texts_go_before_old_records() {
        let mut ring = Ring::new(3, 5);
        for text in ["aa", "bb", "cc", "dddd"] {
            ring.add(text.to_owned());
        }
        let kept: Vec<_> = ring.iter().map(|(number, text)| (number, text.as_str())).collect();
        assert_eq!(kept, [(2, ""), (3, ""), (4, "dddd")]);
        ring.clear();
        assert_eq!(ring.add("e".to_owned()), 5);
        assert_eq!((ring.get(4), ring.get(5).map(String::as_str), ring.get(6)), (None, Some("e"), None));
    }

    #[test]
    fn a_cut_is_marked_and_splits_no_letter() {
        assert_eq!(cut("жжж".to_owned(), 6), "жжж");
        assert_eq!(cut("жжж".to_owned(), 5), "жж… (6 bytes)");
    }

    proptest! {
        #[test]
        fn never_more_than_there_is_room_for(sizes in proptest::collection::vec(0_usize..9, 0..60)) {
            let mut ring = Ring::new(7, 20);
            for size in sizes {
                let number = ring.add("x".repeat(size));
                let bulk: usize = ring.iter().map(|(_, text)| text.len()).sum();
                prop_assert!(bulk <= 20 && ring.iter().count() <= 7);
                prop_assert_eq!(ring.get(number).map(String::len), Some(size));
            }
        }
    }
}
