//! Suppression: which figures of a published table are hidden, because they count few people or
//! would give away one that does.

/// Counts of people from 1 up to this are hidden from what is published.
pub const FEW: i64 = 4;

/// What becomes of the figures of one table: those of some regions, and their sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whether each figure is shown.
    pub figures: Vec<bool>,
    /// Whether the sum is shown.
    pub total: bool,
}

/// Which figures of a table may be published. `None` is a region without a figure; `total` is the
/// sum as it would stand beside them.
///
/// A reader knows this rule and can subtract what is shown from the total. So where the hidden
/// figures could be told from their sum, the next larger figure in the order of the table is hidden
/// with them, and so on around the table; where there is none left, the total. Next in order, and
/// not the smallest: which one is hidden must say nothing of the figures themselves.
pub fn suppress(figures: &[Option<i64>], total: i64) -> Shown {
    let few = |place: usize| figures[place].is_some_and(is_few);
    let mut shown: Vec<bool> = (0..figures.len()).map(|place| !few(place)).collect();
    let first = shown.iter().position(|shown| !shown).unwrap_or(0);
    let around = (first..figures.len()).chain(0..first);
    let mut more = around.filter_map(|place| {
        let figure = figures[place].filter(|figure| *figure > FEW)?;
        Some((place, figure))
    });
    let mut hidden = Hidden::default();
    for figure in figures.iter().flatten().filter(|figure| is_few(**figure)) {
        hidden.add(*figure);
    }
    while hidden.gives_away() {
        let Some((place, figure)) = more.next() else {
            return Shown {
                figures: shown,
                total: false,
            };
        };
        shown[place] = false;
        hidden.add(figure);
    }
    Shown {
        figures: shown,
        total: !is_few(total),
    }
}

/// Whether that count is one of few people.
pub fn is_few(figure: i64) -> bool {
    (1..=FEW).contains(&figure)
}

/// What a reader knows of the hidden figures.
#[derive(Default)]
struct Hidden {
    count: i64,
    larger: i64,
    sum: i128,
}

impl Hidden {
    fn add(&mut self, figure: i64) {
        self.count += 1;
        self.larger += i64::from(!is_few(figure));
        self.sum += i128::from(figure);
    }

    /// Whether a reader who knows the sum of the hidden figures can tell one of them: because there
    /// is one only, or because all of them have to be as small, or as large, as they can be.
    fn gives_away(&self) -> bool {
        let smallest = i128::from(self.count + self.larger * FEW);
        let largest = i128::from(self.count * FEW);
        match self.count {
            0 => false,
            1 => true,
            _ if self.larger > 0 => self.sum == smallest,
            // The sum of the few is itself a count of few people.
            _ => self.sum <= i128::from(FEW) || self.sum == smallest || self.sum == largest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, Shown, suppress};

    fn shown(figures: &[i64]) -> Shown {
        let total = figures.iter().sum();
        let figures: Vec<Option<i64>> = figures.iter().copied().map(Some).collect();
        suppress(&figures, total)
    }

    fn words(figures: &[i64]) -> String {
        let shown = shown(figures);
        let mut words: Vec<String> = figures
            .iter()
            .zip(&shown.figures)
            .map(|(figure, shown)| {
                if *shown {
                    figure.to_string()
                } else {
                    "*".to_owned()
                }
            })
            .collect();
        let total: i64 = figures.iter().sum();
        words.push(if shown.total {
            format!("= {total}")
        } else {
            "= *".to_owned()
        });
        words.join(" ")
    }

    #[test]
    fn few_are_hidden_and_what_would_give_them_away() {
        let tables: [(&[i64], &str); 12] = [
            (&[10, 20, 30], "10 20 30 = 60"),
            (&[0, 0, 0], "0 0 0 = 0"),
            (&[10, 3, 30], "10 * * = 43"),
            (&[10, 30, 3], "* 30 * = 43"),
            (&[0, 3, 0, 30], "0 * 0 * = 33"),
            (&[0, 3, 0], "0 * 0 = *"),
            (&[2, 3, 30], "* * 30 = 35"),
            (&[1, 1, 30], "* * * = 32"),
            (&[1, 5, 9], "* * * = 15"),
            (&[1, 2], "* * = *"),
            (&[1, 1, 1, 1, 1], "* * * * * = *"),
            (&[5, 6], "5 6 = 11"),
        ];
        for (figures, expected) in tables {
            assert_eq!(words(figures), expected, "{figures:?}");
        }
    }

    #[test]
    fn a_region_without_a_figure_is_no_figure() {
        let table = suppress(&[None, Some(3), Some(9)], 12);
        assert_eq!(table.figures, [true, false, false]);
        assert!(table.total);
    }

    /// Every table of up to four figures with a sum of at most 16: a reader tries all tables that would look the
    /// same, and no hidden figure is the same in all of them.
    #[test]
    fn no_hidden_figure_can_be_told_from_a_small_table() {
        const MOST: i64 = 16;
        let mut looks: std::collections::BTreeMap<(usize, String), Vec<Vec<i64>>> =
            std::collections::BTreeMap::new();
        for len in 1..=4_u32 {
            for number in 0..(MOST + 1).pow(len) {
                let digits = (0..len).map(|place| number / (MOST + 1).pow(place) % (MOST + 1));
                let figures: Vec<i64> = digits.collect();
                if figures.iter().sum::<i64>() > MOST {
                    continue;
                }
                let look = words(&figures);
                looks
                    .entry((figures.len(), look))
                    .or_default()
                    .push(figures);
            }
        }
        let mut hidden = 0;
        for ((len, look), tables) in looks {
            let first = shown(&tables[0]);
            for place in (0..len).filter(|place| !first.figures[*place]) {
                hidden += 1;
                // A larger figure that is hidden for another's sake is no secret of its own.
                let values = || tables.iter().map(|figures| figures[place]);
                let can_be_few = values().any(|value| (1..=FEW).contains(&value));
                let told = can_be_few && values().min() == values().max();
                assert!(!told, "{look}: {tables:?}");
            }
        }
        assert!(hidden > 500, "{hidden}");
    }
}
