use super::quotient;

#[test]
fn rounds_half_up_and_carries() {
    assert_eq!(quotient(1, 8, 2), "0.13");
    assert_eq!(quotient(1, 3, 4), "0.3333");
    assert_eq!(quotient(2, 3, 4), "0.6667");
    assert_eq!(quotient(99_995, 10_000, 3), "10.000");
    assert_eq!(quotient(199, 200, 2), "1.00");
    assert_eq!(quotient(0, 7, 2), "0.00");
    assert_eq!(quotient(2_500, 3, 2), "833.33");
}

#[test]
fn does_not_overflow_where_products_of_sums_are_large() {
    let large = i128::from(i64::MAX) * i128::from(i64::MAX);
    assert_eq!(quotient(large, large - 1, 4), "1.0000");
    assert_eq!(quotient(large - 1, large, 4), "1.0000");
    assert_eq!(quotient(large / 20 * 21, large, 4), "1.0500");
}

#[test]
fn has_nothing_to_show_without_a_denominator() {
    assert_eq!(quotient(1, 0, 2), "");
    assert_eq!(quotient(-1, 3, 2), "");
}
