//! Text compared without regard to case, for all scripts.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// Unicode's default case folding, with accents in one form: `STRASSE` and `Straße` become the same,
/// `é` is one character however it was typed and is not an `e`.
pub(crate) fn fold(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    let folded = CaseMapper::new().fold_string(&decomposed);
    ComposingNormalizerBorrowed::new_nfc().normalize(&folded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::fold;
    use proptest::prelude::*;

    #[test]
    fn ignores_case_in_all_scripts() {
        for (one, other) in [
            ("Thanks", "tHANKS"),
            ("спасибо", "СПАСИБО"),
            ("Straße", "STRASSE"),
            ("Ευχαριστώ πολύς", "ΕΥΧΑΡΙΣΤΏ ΠΟΛΎΣ"),
            ("merci d'être là", "MERCI D'E\u{302}TRE LA\u{300}"),
            ("շնորհակալություն", "ՇՆՈՐՀԱԿԱԼՈՒԹՅՈՒՆ"),
            ("teşekkürler", "TES\u{327}EKKU\u{308}RLER"),
            ("가", "\u{1100}\u{1161}"),
        ] {
            assert_eq!(fold(one), fold(other));
        }
        assert_ne!(fold("resume"), fold("résumé"));
        assert!(!fold("cafe\u{301}").contains(&fold("cafe")));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn upper_and_lower_case_are_the_same(text in "[a-zà-öø-ÿα-ωа-яёөүңґїє ]{0,20}") {
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text));
        }
    }
}
