use liandong_core::language::Language;

use super::{Style, render};
use crate::output::{Cell, Column, Listing, light};

const PLAIN: Style = Style {
    colour: false,
    fit: false,
};

fn listing() -> Listing {
    let mut listing = Listing::new(&[
        Column::text("name", "名称", "name"),
        Column::number("amount_yuan", "金额", "amount"),
        Column::text("light", "灯", "light"),
    ]);
    let red = liandong_client::wire::rollup::v1::Light::Red.into();
    let green = liandong_client::wire::rollup::v1::Light::Green.into();
    listing.row(vec![
        Cell::text("东阿县第一小学"),
        Cell::Fen(123_450),
        Cell::Word(light(red)),
    ]);
    listing.row(vec![
        Cell::text("Dong'e"),
        Cell::Fen(5),
        Cell::Word(light(green)),
    ]);
    listing
}

#[test]
fn chinese_and_latin_stand_below_each_other() {
    // A Chinese character takes two columns of a terminal, so the cells of a column end in one
    // place.
    let expected = [
        " 名称                金额   灯",
        "─────────────────────────────────",
        " 东阿县第一小学   1234.50   ● 红",
        " Dong'e              0.05   ● 绿",
    ];
    assert_eq!(render(&listing(), Language::Zh, PLAIN), expected.join("\n"));
}

#[test]
fn the_english_table_has_the_same_shape() {
    let expected = [
        " name              amount   light",
        "────────────────────────────────────",
        " 东阿县第一小学   1234.50   ● red",
        " Dong'e              0.05   ● green",
    ];
    assert_eq!(render(&listing(), Language::En, PLAIN), expected.join("\n"));
}

#[test]
fn colours_are_only_drawn_where_they_are_wanted() {
    let coloured = Style {
        colour: true,
        fit: false,
    };
    assert!(render(&listing(), Language::Zh, coloured).contains("\u{1b}["));
    assert!(!render(&listing(), Language::Zh, PLAIN).contains('\u{1b}'));
}

#[test]
fn nothing_is_said_in_words() {
    let empty = Listing::new(&[Column::text("name", "名称", "name")]);
    assert_eq!(render(&empty, Language::Zh, PLAIN), "（没有内容）");
}
