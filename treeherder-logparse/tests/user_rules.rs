//! Rules that people write themselves mean what a regex per rule and line says.
#![allow(clippy::unwrap_used, reason = "test code outside of the tests' own functions")]

mod support;

use proptest::prelude::*;
use support::{
    found::parse,
    fragments,
    ruleset::{self, Naive},
};
use treeherder_logparse::{Parser, Rules, Ruleset, Simd};

proptest! {
    #![proptest_config(support::cases(400))]

    #[test]
    fn any_ruleset_finds_what_its_rules_say(
        ruleset in ruleset::ruleset(),
        log in ruleset::log(),
        lengths in fragments::lengths(),
    ) {
        let expected = Naive::new(&ruleset).failures(&log);
        for simd in Simd::available() {
            let rules = Rules::compile_for(&ruleset, simd).unwrap();
            let parser = || Parser::builder().rules(rules.clone()).build();
            prop_assert_eq!(parse(parser(), &log, &[usize::MAX]).failures(), expected.clone(), "{}", simd);
            prop_assert_eq!(parse(parser(), &log, &lengths).failures(), expected.clone(), "{}", simd);
        }
    }
}

fn failures(toml: &str, log: &str) -> Vec<String> {
    let ruleset = Ruleset::from_toml(&format!("name = \"x\"\n{toml}")).unwrap();
    let rules = Rules::compile(&ruleset).unwrap();
    let found = parse(Parser::builder().rules(rules).build(), log.as_bytes(), &[usize::MAX]);
    let texts: Vec<String> = found.failures().into_iter().map(|(_, _, text)| text).collect();
    let naive: Vec<String> =
        Naive::new(&ruleset).failures(log.as_bytes()).into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts, naive);
    texts
}

fn refusal(toml: &str) -> String {
    let ruleset = Ruleset::from_toml(&format!("name = \"x\"\n{toml}"));
    ruleset.and_then(|ruleset| Rules::compile(&ruleset)).unwrap_err().to_string()
}

#[test]
fn word_boundaries_hold_in_prefixes_too() {
    let toml = "skip = '^foo\\b'\n[[failure]]\ntext = \"foobar\"\n";
    assert_eq!(failures(toml, "foobar\nfoo foobar\nfoo bar\n"), ["foobar", "foo foobar"]);
    let toml =
        "strip = [{ pattern = '^foo\\b' }]\n[[failure]]\npattern = '^bar'\n[[failure]]\ntext = \"foobar\"\n";
    assert_eq!(failures(toml, "foobar\nfoobar\u{e9}\n"), ["foobar", "foobar\u{e9}"]);
}

#[test]
fn a_rule_in_capitals_and_small_letters_finds_every_way_to_write_it() {
    let toml = "[[failure]]\npattern = '(?i)kiss'\n";
    assert_eq!(
        failures(toml, "KISS\nk\u{131}ss\n\u{212a}i\u{17f}\u{17f}\n"),
        ["KISS", "\u{212a}i\u{17f}\u{17f}"]
    );
}

#[test]
fn rules_that_cannot_work_are_refused() {
    for (toml, part) in [
        ("[[failure]]\ntext = \"bad \\uFFFD\"\n", "line 2: rule `bad \u{fffd}`: U+FFFD"),
        ("[[failure]]\npattern = 'abc.*\\x{FFFD}'\n", "U+FFFD"),
        (
            "[[strip]]\npattern = '^a'\nunless = '^b*'\n[[failure]]\ntext = \"abc\"\n",
            "line 2: rule `^b*`: `unless` must not match an empty text",
        ),
        ("[[failure]]\npattern = 'abc(?:\\w{1000}){1000}'\n", "too large"),
        ("[[failure]]\npattern = 'abc(?:x{1000}){1000}{1000}{1000}{1000}'\n", "too large"),
    ] {
        let message = refusal(toml);
        assert!(message.contains(part), "{toml}: {message}");
    }
    let long = format!("[[failure]]\ntext = \"{}\"\n", "long ".repeat(1000));
    assert_eq!(refusal(&long), "line 2: rule `long long long long `: a text has at most 1000 bytes");
    let many = "[[strip]]\npattern = '^a'\n".repeat(33) + "[[failure]]\ntext = \"abc\"\n";
    assert!(refusal(&many).contains("at most 32"), "{}", refusal(&many));
}

#[test]
fn the_readmes_rules_work() {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (toml, _) = rest.split_once("```").unwrap();
    let rules = Rules::compile(&Ruleset::from_toml(toml).unwrap()).unwrap();
    let log = "build starts\n2026-11-22T10:00:00Z ERR12: x\nfatal: y (expected)\n2026-11-22T10:00:00Z [keep] fatal: z\n";
    let found = parse(Parser::builder().rules(rules).build(), log.as_bytes(), &[usize::MAX]);
    let texts: Vec<String> = found.failures().into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts, ["ERR12: x", "2026-11-22T10:00:00Z [keep] fatal: z"]);
}

/// The text that switches a strip on is a part of patterns as well, which do not want it where it stands.
#[test]
fn a_text_of_a_pattern_switches_a_strip_on_wherever_it_stands() {
    let toml = "[[strip]]\npattern = '^> '\nonce-seen = 'FAIL-'\n[[failure]]\npattern = '^\\d+ FAIL-'\n[[failure]]\npattern = '^abort:'\n";
    assert_eq!(failures(toml, "> abort: x\nFAIL- 1\n> abort: x\n"), ["abort: x"]);
    let toml = "[[strip]]\npattern = '^> '\nonce-seen = 'FAIL-'\n[[failure]]\npattern = 'x +FAIL-'\n[[failure]]\npattern = '^abort:'\n";
    assert_eq!(failures(toml, "> abort: x\na\nFAIL- 1\n> abort: x\n"), ["abort: x"]);
}

/// A line with more useless hits than are looked at one by one.
#[test]
fn what_stands_behind_many_useless_hits_counts() {
    let failure = "[[failure]]\npattern = 'a.*b err:\\d+x'\n";
    let exclude = "[[exclude]]\npattern = 'c.*d skip:\\d+x'\n";
    let hits = |text: &str| format!("ac {}", text.repeat(25));
    let found = |line: &str| failures(&format!("{failure}{exclude}"), &format!("{line}\n")).len();
    assert_eq!(found(&hits("b err:1 ")), 0);
    assert_eq!(found(&(hits("b err:1 ") + "b err:1x")), 1);
    assert_eq!(found(&(hits("b err:1 d skip:1 ") + "b err:1x")), 1);
    assert_eq!(found(&(hits("b err:1 d skip:1 ") + "b err:1x d skip:1x")), 0);
}
