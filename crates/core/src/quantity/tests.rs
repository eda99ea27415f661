//! Tests of exact quantities.

use std::cmp::Ordering;

use proptest::prelude::{prop_assert_eq, proptest};

use super::{Exact, MAX_FIGURE, basis_points, compare_fractions, parse_yuan, percent, yuan};

#[test]
fn targets_are_read_exactly() {
    for (text, numerator, denominator) in [
        ("100%", 1, 1),
        ("30%", 3, 10),
        ("1.05", 105, 100),
        ("50", 50, 1),
        ("0", 0, 1),
        ("500000元", 50_000_000, 1),
        ("0.5%", 5, 1000),
        ("0.000001%", 1, 100_000_000),
        ("12.345678%", 12_345_678, 100_000_000),
        ("0.000001元", 1, 10_000),
    ] {
        let exact: Exact = text.parse().unwrap();
        assert_eq!(
            (exact.numerator(), exact.denominator()),
            (numerator, denominator),
            "{text}"
        );
        assert_eq!(exact.to_string().parse(), Ok(exact), "{text}");
    }
    for text in [
        "",
        "%",
        "-1",
        "+1",
        "1e3",
        "1.",
        ".5",
        "1,000",
        "１",
        "99999999999999999999",
    ] {
        assert!(text.parse::<Exact>().is_err(), "{text:?} was accepted");
    }
}

#[test]
fn a_share_is_written_as_a_percentage() {
    for (text, percent) in [
        ("100%", "100%"),
        ("0.3", "30%"),
        ("5%", "5%"),
        ("1.05", "105%"),
        ("99.5%", "99.5%"),
        ("0.125%", "0.125%"),
        ("0", "0%"),
    ] {
        assert_eq!(text.parse::<Exact>().unwrap().as_percent(), percent);
    }
}

#[test]
fn money_is_read_to_the_fen() {
    assert_eq!(parse_yuan("123.45"), Ok(12_345));
    assert_eq!(parse_yuan("0.1"), Ok(10));
    assert_eq!(parse_yuan("7元"), Ok(700));
    assert_eq!(yuan(12_345), "123.45");
    assert_eq!(yuan(-5), "-0.05");
    for text in [
        "1.234",
        "-1",
        "",
        "100%",
        "99999999999999",
        "5元元",
        "1%元",
        "元",
    ] {
        assert!(parse_yuan(text).is_err(), "{text:?} was accepted");
    }
}

#[test]
fn shares_round_half_up() {
    assert_eq!(basis_points(1, 3), Some(3333));
    assert_eq!(basis_points(2, 3), Some(6667));
    assert_eq!(basis_points(1, 20_000), Some(1));
    assert_eq!(basis_points(1, 0), None);
    assert_eq!(percent(10_000), "100.00%");
    assert_eq!(percent(5), "0.05%");
}

proptest! {
    #[test]
    fn fractions_compare_like_their_cross_products(
        a in 0..1_000_000i128, b in 1..1_000_000i128, c in 0..1_000_000i128, d in 1..1_000_000i128
    ) {
        prop_assert_eq!(compare_fractions(a, b, c, d), Some((a * d).cmp(&(c * b))));
    }

    #[test]
    fn the_largest_fractions_do_not_overflow(a in 1..=MAX_FIGURE, b in 1..=MAX_FIGURE) {
        let square = i128::from(a) * i128::from(b);
        prop_assert_eq!(compare_fractions(square, square, square, square), Some(Ordering::Equal));
        prop_assert_eq!(compare_fractions(square, square + 1, 1, 1), Some(Ordering::Less));
    }
}
