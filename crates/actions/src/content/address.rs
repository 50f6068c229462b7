//! Addresses in messages.

/// Whether the platform keeps this as a link: it drops every other one without a word.
pub(super) fn is_link(address: &str) -> bool {
    address.starts_with('/') || address.starts_with("https://") || address.starts_with("http://")
}

/// An address for a BB tag: what would end the tag or make a quote is percent-encoded.
pub(super) fn in_tag(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for c in address.chars() {
        if matches!(c, '[' | ']' | '<' | '>' | '"') || c.is_whitespace() || c.is_control() {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out.replace("#BR#", "#BR%23").replace("------", "-----%2D")
}
