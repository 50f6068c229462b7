//! `application/x-www-form-urlencoded` with brackets, as PHP's `http_build_query` writes it and PHP reads it.

use std::borrow::Cow;

use super::{Document, Key, Leaf, MAX_DEPTH, MAX_VALUES, Place, key_of};
use crate::{DecodeError, DecodeErrorKind};

pub(super) fn parse(body: &[u8]) -> Result<Document<'_>, DecodeError> {
    let mut path = Path { document: Document::new(), key: &[], steps: Vec::with_capacity(MAX_DEPTH) };
    for (number, pair) in split(body, b'&').enumerate() {
        if number > MAX_VALUES {
            return Err(DecodeError::new(DecodeErrorKind::TooComplex));
        }
        if pair.is_empty() {
            continue;
        }
        let equals = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        let (key, value) = (&pair[..equals], pair.get(equals + 1..).unwrap_or_default());
        path.put(key, Leaf::Encoded(value))?;
    }
    Ok(path.document)
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
    while let [byte, after @ ..] = rest {
        let coded = if *byte == b'%' { hexadecimal(after) } else { None };
        decoded.push(if *byte == b'+' { b' ' } else { coded.unwrap_or(*byte) });
        rest = if coded.is_some() { &after[2..] } else { after };
    }
    Cow::Owned(
        String::from_utf8(decoded)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// The same of a name.
fn decode_name(encoded: &[u8]) -> Key<'_> {
    if encoded.iter().all(|byte| byte.is_ascii() && !matches!(byte, b'+' | b'%')) {
        return Cow::Borrowed(encoded);
    }
    key_of(decode(encoded))
}

/// The byte that the two digits at the beginning stand for.
fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memchr(separator, text);
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// Walks from one key to the next. Keys come depth first, so most of the way is the same as the last time.
struct Path<'body> {
    document: Document<'body>,
    /// The key before this one.
    key: &'body [u8],
    /// The containers on the way there, each with where its segment ends in the key.
    steps: Vec<(usize, Place)>,
}

impl<'body> Path<'body> {
    /// `data[BOT][5]` is at `data`, `BOT`, `5`. An empty segment takes the next free index; brackets that do not close
    /// are part of the name.
    fn put(&mut self, key: &'body [u8], leaf: Leaf<'body>) -> Result<(), DecodeError> {
        let mut first = None;
        while let Some((end, _)) = self.steps.last() {
            // On the same way, if a segment follows where that step ended.
            first = if key.starts_with(&self.key[..*end]) { segment(&key[*end..]) } else { None };
            if first.is_some() {
                break;
            }
            self.steps.pop();
        }
        self.key = key;
        let (mut at, mut place) = self.steps.last().copied().unwrap_or((0, 0));
        let (mut name, length) = first.unwrap_or_else(|| first_name(key));
        at += length;
        let mut depth = self.steps.len();
        let mut same_next_time = true;
        while let Some((next, length)) = segment(&key[at..]) {
            depth += 1;
            if depth == MAX_DEPTH {
                return Err(DecodeError::new(DecodeErrorKind::TooComplex));
            }
            // An empty segment is another index the next time.
            same_next_time &= !is_index(name, place);
            place = if is_index(name, place) {
                let index = next_index(&self.document, place);
                self.document.append(place, index, Leaf::Map)?
            } else {
                self.document.child(place, decode_name(name))?
            };
            if !matches!(self.document.values[place as usize].leaf, Leaf::Map) {
                self.document.set(place, Leaf::Map);
            }
            if same_next_time {
                self.steps.push((at, place));
            }
            name = next;
            at += length;
        }
        let name = if is_index(name, place) { next_index(&self.document, place) } else { decode_name(name) };
        self.document.append(place, name, leaf).map(|_| ())
    }
}

fn is_index(name: &[u8], parent: Place) -> bool {
    name.is_empty() && parent != 0
}

/// What comes before the first bracket; all of it where no segment follows, or nothing comes before.
fn first_name(key: &[u8]) -> (&[u8], usize) {
    let name = match (1..key.len()).find(|at| bracket(&key[*at..], b'[').is_some()) {
        Some(open) if bracket(key, b'[').is_none() && segment(&key[open..]).is_some() => &key[..open],
        _ => key,
    };
    (name, name.len())
}

/// The segment in brackets at the beginning, and its length with them.
fn segment(key: &[u8]) -> Option<(&[u8], usize)> {
    let open = bracket(key, b'[')?;
    let mut close = open;
    loop {
        close += key[close..].iter().position(|byte| matches!(byte, b']' | b'%'))?;
        if let Some(length) = bracket(&key[close..], b']') {
            return Some((&key[open..close], close + length));
        }
        close += 1;
    }
}

/// The length of that bracket at the beginning, plain or encoded.
fn bracket(key: &[u8], bracket: u8) -> Option<usize> {
    match key {
        [first, ..] if *first == bracket => Some(1),
        [b'%', b'5', b'B' | b'b', ..] if bracket == b'[' => Some(3),
        [b'%', b'5', b'D' | b'd', ..] if bracket == b']' => Some(3),
        _ => None,
    }
}

/// Behind the last index; where indexes come out of order, behind those that are taken.
fn next_index(document: &Document<'_>, parent: Place) -> Key<'static> {
    let last = document.values[parent as usize].last;
    let last = if last == 0 { None } else { std::str::from_utf8(&document.values[last as usize].key).ok() };
    let last: Option<usize> = last.and_then(|last| last.parse().ok());
    let mut index = last.map_or(0, |last| last.wrapping_add(1));
    while document.find(parent, index.to_string().as_bytes()).is_some() {
        index = index.wrapping_add(1);
    }
    index.to_string().into_bytes().into()
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
