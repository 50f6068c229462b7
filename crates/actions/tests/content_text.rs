//! BB code: what the builder writes, and that nothing else becomes any.

use b24bot_actions::content::{BbText, Color, ImageSize, harmless, push_harmless};
use b24bot_core::DialogId;
use proptest::prelude::*;

const JOINER: char = '\u{2060}';

#[test]
fn tags() {
    let new = BbText::new;
    for (text, expected) in [
        (new().text("a").bold("b"), "a[b]b[/b]"),
        (new().italic("x"), "[i]x[/i]"),
        (new().underline("x"), "[u]x[/u]"),
        (new().strike("x"), "[s]x[/s]"),
        (new().size(20, "x"), "[size=20]x[/size]"),
        (new().size(1, "x").size(200, "y"), "[size=8]x[/size][size=30]y[/size]"),
        (new().color(Color::rgb(255, 0, 0), "x"), "[color=#ff0000]x[/color]"),
        (new().bold(new().italic("x").text("[u]")), "[b][i]x[/i][\u{2060}u][/b]"),
        (new().url("https://example.com/", "x"), "[url=https://example.com/]x[/url]"),
        (new().url("/crm/", ""), "[url]/crm/[/url]"),
        (new().url("https://x/?a=[b] c]", "[/url]"), "[url=https://x/?a=%5Bb%5D%20c%5D][\u{2060}/url][/url]"),
        (new().url("javascript:x", "y"), "y (javascript:x)"),
        (new().url("[url]", ""), "[\u{2060}url]"),
        (new().mention_user(27, "Anna"), "[user=27]Anna[/user]"),
        (new().mention_all("Everyone"), "[user=all]Everyone[/user]"),
        (new().mention_chat(456, "Group"), "[chat=456]Group[/chat]"),
        (new().mention_open_channel(789, "Line"), "[chat=imol|789]Line[/chat]"),
        (new().link_message(&DialogId::from("chat123"), 456, "x"), "[context=chat123/456]x[/context]"),
        (new().link_message(&DialogId::from("c]["), 4, "x"), "[context=c］［/4]x[/context]"),
        (new().put("/help", "Help"), "[put=/help]Help[/put]"),
        (new().send("/start", ""), "[send=/start]/start[/send]"),
        (new().send("a]b\n[c#BR#d", "x"), "[send=a］b ［c d]x[/send]"),
        (new().call("+15550100", "Call"), "[call=+15550100]Call[/call]"),
        (new().call("+15550100", ""), "[call=+15550100]+15550100[/call]"),
        (new().image("https://x/a b.png", ImageSize::Small), "[img size=small]https://x/a%20b.png [/img]"),
        (new().image("/a.png", ImageSize::Large), "[img size=large]/a.png [/img]"),
        (new().image("data:[b]", ImageSize::Large), "data:[\u{2060}b]"),
        (new().icon("https://x/i.png", 20, "a] b"), "[icon=https://x/i.png size=20 title=a］ b]"),
        (new().icon("https://x/#BR#]", 20, ""), "[icon=https://x/#BR%23%5D size=20]"),
        (new().icon("x", 20, "[b]"), "[\u{2060}b]"),
        (new().timestamp(-5, "A]"), "[timestamp=-5 format=A］]"),
        (new().disk(123), "[disk=123]"),
        (new().text("a").line_break().text("b"), "a\nb"),
        (new().quote("a\n>b"), ">>a\n>>\u{2060}>b\n"),
        (new().text("x").line_break().quote("a"), "x\n>>a\n"),
    ] {
        assert_eq!(text.as_str(), expected);
    }
}

#[test]
fn text_is_harmless_next_to_what_is_not() {
    let new = BbText::new;
    for (text, expected) in [
        (new().raw("[").text("b]"), "[\u{2060}b]"),
        (new().raw("[").append("b]"), "[\u{2060}b]"),
        (new().text("[").raw("b]"), "[\u{2060}b]"),
        (new().text("a>").append(">b"), "a>\u{2060}>b"),
        (new().text("#").append("BR#"), "#\u{2060}BR#"),
        (new().text("#B").text("R#"), "#BR\u{2060}#"),
        (new().text("-").append("-----"), "-\u{2060}-\u{2060}-\u{2060}-\u{2060}-\u{2060}-"),
    ] {
        assert_eq!(text.as_str(), expected);
    }
    let mut out = String::from(">");
    push_harmless(&mut out, "");
    push_harmless(&mut out, ">");
    assert_eq!(out, ">\u{2060}>");
}

#[test]
fn a_quoted_message_stays_in_its_frame() {
    let rule = "-".repeat(54);
    let text = BbText::new().quote_message("An[na]", "1]\n", rule.as_str()).into_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        (lines[0], lines[1], lines[3], lines.len()),
        (rule.as_str(), "An［na］ [1］ ]", rule.as_str(), 4)
    );
    assert!(!lines[2].contains("--"));
}

#[test]
fn code_stays_code() {
    let code = |text: &str| {
        let coded = BbText::new().code(text).into_string();
        coded.strip_prefix("[code]").and_then(|rest| rest.strip_suffix("[/code]")).unwrap().to_owned()
    };
    for kept in ["a[i] = b[0];", "x >> 1", "git log --oneline", "-----", "#B", "let [a, b] = c;", "a\n> b"] {
        assert_eq!(code(kept), kept);
    }
    for (text, broken) in [
        ("[/code]", "[\u{2060}/code]"),
        ("x[", "x[\u{2060}"),
        ("[send=x]y", "[\u{2060}send=x]y"),
        (">>a\n>>>b", ">\u{2060}>a\n>\u{2060}>>b"),
        ("------", "-----\u{2060}-"),
        ("#BR#", "#BR\u{2060}#"),
    ] {
        assert_eq!(code(text), broken);
    }
    assert!(!code(&"-".repeat(200)).contains("------"));
}

/// A message with one text from someone else in it.
#[derive(Clone, Debug)]
struct Piece(usize, String);

impl Piece {
    fn append_to(&self, out: BbText, foreign: &str) -> BbText {
        let nested = || BbText::new().italic(foreign).text(foreign);
        match self.0 {
            0 => out.text(foreign),
            1 => out.append(foreign),
            2 => out.bold(foreign),
            3 => out.underline(nested()),
            4 => out.append(nested()),
            5 => out.url(&format!("https://x/{foreign}"), foreign),
            6 => out.send(foreign, foreign),
            7 => out.put(foreign, "label"),
            8 => out.mention_user(27, foreign),
            9 => out.icon(&format!("/{foreign}"), 20, foreign),
            10 => out.link_message(&DialogId::from(foreign), 5, foreign),
            11 => out.image(&format!("/{foreign}"), ImageSize::Small),
            12 => out.url(foreign.trim_start_matches('/'), foreign),
            _ => out.size(20, BbText::from(foreign)),
        }
    }
}

/// The names of what the platform takes for tags: `[b]`, `[/url]`, `[send=…]`.
fn tag_names(text: &str) -> Vec<String> {
    let starts = text.match_indices('[').map(|(at, _)| &text[at + 1..]);
    starts
        .filter(|rest| !rest.starts_with(JOINER))
        .map(|rest| {
            let name = rest.strip_prefix('/').unwrap_or(rest);
            let letters = name.chars().take_while(|c| c.is_alphabetic());
            rest.chars().filter(|c| *c == '/').take(rest.len() - name.len()).chain(letters).collect()
        })
        .collect()
}

fn foreign() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\\[\\]/bUSERsend=#>\\-\n 1ä\u{2060}]{0,16}",
        prop::collection::vec(
            prop::sample::select(vec![
                "[b]", "[/b]", "[USER=1]", "[/send]", "]", "[", ">>", ">", "------", "-", "#BR#", "#", "BR#",
                "\n", "[br]", "[URL=x]",
            ]),
            0..8
        )
        .prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_tag_of_someone_else_survives(pieces in prop::collection::vec((0..14_usize, foreign()), 0..8)) {
        let pieces: Vec<Piece> = pieces.into_iter().map(|(kind, text)| Piece(kind, text)).collect();
        let build = |text: &dyn Fn(&Piece) -> String| {
            pieces.iter().fold(BbText::new(), |out, piece| piece.append_to(out, &text(piece))).into_string()
        };
        let (out, innocent) = (build(&|piece| piece.1.clone()), build(&|_| "x".to_owned()));
        prop_assert_eq!(tag_names(&out), tag_names(&innocent), "{}", &out);
        prop_assert!(!out.contains("------") && !out.contains("#BR#"), "{}", &out);
        prop_assert!(!out.lines().any(|line| line.starts_with(">>")), "{}", &out);
    }

    #[test]
    fn harmless_text_looks_the_same_and_is_none(text in foreign()) {
        let out = harmless(&text);
        let without = |text: &str| text.replace(JOINER, "");
        prop_assert_eq!(without(&out), without(&text));
        prop_assert!(tag_names(&out).is_empty());
        prop_assert!(!out.contains(">>") && !out.contains("--") && !out.contains("#BR#"));
    }

    #[test]
    fn code_looks_the_same_and_ends_where_it_should(text in foreign()) {
        let out = BbText::new().code(&text).into_string();
        let without = |text: &str| text.replace(JOINER, "");
        prop_assert_eq!(without(&out), without(&format!("[code]{text}[/code]")));
        let tags: Vec<String> = tag_names(&out).into_iter().filter(|name| name.chars().count() > 1).collect();
        prop_assert_eq!(tags, ["code", "/code"]);
        let inside = &out["[code]".len()..out.len() - "[/code]".len()];
        prop_assert!(!out.contains("------") && !out.contains("#BR#"), "{}", &out);
        prop_assert!(!inside.lines().any(|line| line.starts_with(">>")), "{}", &out);
    }

    #[test]
    fn quotes_have_only_quoted_lines(text in foreign(), after in foreign()) {
        let out = BbText::new().quote(text.as_str()).text("x").text(&after).into_string();
        let (quoted, rest): (Vec<&str>, Vec<&str>) = out.split('\n').partition(|line| line.starts_with(">>"));
        prop_assert_eq!(quoted.len(), harmless(&text).lines().count());
        prop_assert_eq!(rest.len(), format!("x{after}").split('\n').count());
    }
}
