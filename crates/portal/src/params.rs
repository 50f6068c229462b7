//! Reads request parameters the way PHP does: `PROPERTIES[NAME]=x`, `USERS[]=1`, or a JSON body.

use crate::tree::Tree;

/// Nesting deeper than this is refused: every level is a recursion somewhere.
pub(crate) const MAX_DEPTH: usize = 32;

/// Why parameters could not be read.
#[derive(Debug, PartialEq)]
pub(crate) struct Unreadable(pub(crate) String);

/// A query string or a form body.
pub(crate) fn read_form(text: &str) -> Result<Tree, Unreadable> {
    let mut tree = Tree::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        put_named(&mut tree, &decode(name), decode(value))?;
    }
    Ok(tree)
}

/// Puts a value where its name says: `PROPERTIES[NAME]`, `USERS[]`.
pub(crate) fn put_named(tree: &mut Tree, name: &str, value: String) -> Result<(), Unreadable> {
    let path = split_name(name)?;
    if !path.is_empty() {
        insert(tree, &path, Tree::Text(value));
    }
    Ok(())
}

/// A JSON body: an object, or nothing.
pub(crate) fn read_json(body: &[u8]) -> Result<Tree, Unreadable> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Tree::new());
    }
    match serde_json::from_slice(body) {
        Ok(tree @ Tree::Array(_)) if tree.is_deeper_than(MAX_DEPTH) => Err(too_deep()),
        Ok(tree @ Tree::Array(_)) => Ok(tree),
        Ok(_) => Err(Unreadable("The body is JSON, but not an object".to_owned())),
        Err(error) => Err(Unreadable(format!("The body is not valid JSON: {error}"))),
    }
}

fn too_deep() -> Unreadable {
    Unreadable(format!("Parameters are nested more than {MAX_DEPTH} levels deep"))
}

/// Entries of `over` replace those of `base`: a body's parameters win over the query's.
pub(crate) fn merge(mut base: Tree, over: &Tree) -> Tree {
    for (key, value) in over.entries() {
        base.put(key.clone(), value.clone());
    }
    base
}

/// `a[b][]` → `a`, `b`, and an empty segment that means "the next free index".
fn split_name(name: &str) -> Result<Vec<String>, Unreadable> {
    let name = name.trim_start();
    let Some((base, mut rest)) = name.split_once('[') else {
        return Ok(if name.is_empty() { Vec::new() } else { vec![name.to_owned()] });
    };
    if base.is_empty() {
        return Ok(vec![name.to_owned()]);
    }
    let mut path = vec![base.to_owned()];
    while let Some((segment, after)) = rest.split_once(']') {
        path.push(segment.to_owned());
        if path.len() > MAX_DEPTH {
            return Err(too_deep());
        }
        // PHP ignores whatever stands between `]` and the next `[`.
        match after.split_once('[') {
            Some((_, next)) => rest = next,
            None => return Ok(path),
        }
    }
    Ok(path)
}

fn insert(tree: &mut Tree, path: &[String], value: Tree) {
    let Some((key, below)) = path.split_first() else {
        *tree = value;
        return;
    };
    if !tree.is_array() {
        *tree = Tree::new();
    }
    if let Tree::Array(entries) = tree {
        let key = if key.is_empty() {
            let next = entries.keys().filter_map(|key| key.parse::<u64>().ok()).max();
            next.map_or(0, |last| last.saturating_add(1)).to_string()
        } else {
            key.clone()
        };
        insert(entries.entry(key).or_insert(Tree::Null), below, value);
    }
}

/// Undoes percent-encoding; `+` is a space. What is not valid stays as it stands.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let escaped = (byte == b'%').then(|| text.get(index + 1..index + 3)).flatten();
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                decoded.push(value);
                index += 3;
            }
            None => {
                decoded.push(if byte == b'+' { b' ' } else { byte });
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(text: &str) -> String {
        read_form(text).unwrap().to_json().to_string()
    }

    #[test]
    fn reads_php_names() {
        assert_eq!(
            json("PROPERTIES[NAME]=A+b&PROPERTIES[COLOR]=RED"),
            r#"{"PROPERTIES":{"COLOR":"RED","NAME":"A b"}}"#
        );
        assert_eq!(json("USERS[]=1&USERS[]=27"), r#"{"USERS":["1","27"]}"#);
        assert_eq!(json("USERS[5]=1&USERS[]=27"), r#"{"USERS":{"5":"1","6":"27"}}"#);
        assert_eq!(json("a%5Bb%5D%5Bc%5D=%D0%B6"), r#"{"a":{"b":{"c":"ж"}}}"#);
        assert_eq!(json("a=1&a=2&b&=x&[y]=z"), r#"{"[y]":"z","a":"2","b":""}"#);
        assert_eq!(json("a[b=1"), r#"{"a":"1"}"#);
        assert_eq!(json("a=1&a[b]=2"), r#"{"a":{"b":"2"}}"#);
        assert_eq!(json("p=100%&q=%zz"), r#"{"p":"100%","q":"%zz"}"#);
    }

    #[test]
    fn refuses_endless_nesting() {
        let name = format!("a{}", "[x]".repeat(MAX_DEPTH + 1));
        assert!(read_form(&format!("{name}=1")).is_err());
        let json = |levels: usize| format!("{}1{}", "{\"x\":".repeat(levels), "}".repeat(levels));
        assert!(read_json(json(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(read_json(json(MAX_DEPTH + 1).as_bytes()), Err(too_deep()));
    }

    #[test]
    fn a_json_body_is_an_object_or_nothing() {
        assert_eq!(read_json(b" \n").unwrap(), Tree::new());
        assert!(read_json(b"7").is_err());
        assert!(read_json(b"{\"a\":").is_err());
        let tree = read_json(br#"{"fields": {"message": "x"}, "ids": [1, 2]}"#).unwrap();
        assert_eq!(tree.get("ids").and_then(|ids| ids.get("1")).and_then(Tree::id), Some(2));
    }

    proptest! {
        #[test]
        fn reads_any_text_without_panic(text in "\\PC{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = read_form(&text);
            let _ = read_json(&bytes);
        }
    }
}
