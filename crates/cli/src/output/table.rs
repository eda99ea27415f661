//! Tables for people: Chinese takes two columns of a terminal, numbers stand at the right.

use std::io::IsTerminal;

use comfy_table::{
    Attribute, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table,
    TableStyle, Width,
};
use liandong_core::language::Language;

use super::cell::Cell;
use super::listing::Listing;
use super::word::Tint;

/// How tables are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Whether lights have colours and headings are bold.
    pub(crate) colour: bool,
    /// Whether cells are broken to fit the terminal.
    pub(crate) fit: bool,
}

impl Style {
    /// Colours and fitting on a terminal, plain text in a pipe or when `NO_COLOR` is set.
    pub(crate) fn of_terminal() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: is_terminal && !unwanted,
            fit: is_terminal,
        }
    }
}

/// One line below the headings and nothing else, so that many rows fit a screen.
const LINES: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Draws a listing; a sentence when it is empty.
pub(crate) fn render(listing: &Listing, language: Language, style: Style) -> String {
    if listing.is_empty() {
        return language.pick("（没有内容）", "(nothing)").to_owned();
    }
    let mut table = Table::new();
    table.load_style(LINES);
    let arrangement = if style.fit {
        ContentArrangement::Dynamic
    } else {
        ContentArrangement::Disabled
    };
    table.set_content_arrangement(arrangement);
    if style.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(listing.columns.iter().map(|column| {
        let heading = comfy_table::Cell::new(column.heading(language));
        let aligned = heading.set_alignment(alignment(column.is_number));
        if style.colour {
            aligned.add_attribute(Attribute::Bold)
        } else {
            aligned
        }
    }));
    for cells in &listing.rows {
        table.add_row(listing.columns.iter().zip(cells).map(|(column, cell)| {
            let text = comfy_table::Cell::new(cell.for_people(language));
            let aligned = text.set_alignment(alignment(column.is_number));
            match tint(cell) {
                Some(tint) if style.colour => aligned.fg(tint),
                _ => aligned,
            }
        }));
    }
    if style.fit {
        keep_legible(&mut table, listing);
    }
    let drawn = table.to_string();
    let lines: Vec<&str> = drawn.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Columns of long Chinese texts may be broken, down to a width at which they can still be read.
/// Codes stay whole, to be copied; a terminal that is too narrow breaks the lines itself.
fn keep_legible(table: &mut Table, listing: &Listing) {
    const LEGIBLE: u16 = 20;
    let widths = table.column_max_content_widths();
    for (place, (column, content)) in table.column_iter_mut().zip(widths).enumerate() {
        let mut cells = listing.rows.iter().filter_map(|row| row.get(place));
        let is_long = content > LEGIBLE && cells.any(is_prose);
        column.set_constraint(if is_long {
            ColumnConstraint::LowerBoundary(Width::Fixed(LEGIBLE))
        } else {
            ColumnConstraint::ContentWidth
        });
    }
}

fn is_prose(cell: &Cell) -> bool {
    match cell {
        Cell::Text(text) => !text.is_ascii() || text.contains(' '),
        Cell::Both { .. } | Cell::List(_) | Cell::Words(_) => true,
        _ => false,
    }
}

fn alignment(is_number: bool) -> CellAlignment {
    if is_number {
        CellAlignment::Right
    } else {
        CellAlignment::Left
    }
}

fn tint(cell: &Cell) -> Option<Color> {
    let Cell::Word(word) = cell else { return None };
    match word.tint? {
        Tint::Green => Some(Color::Green),
        Tint::Yellow => Some(Color::Yellow),
        Tint::Red => Some(Color::Red),
        Tint::Grey => Some(Color::DarkGrey),
    }
}

#[cfg(test)]
mod tests;
