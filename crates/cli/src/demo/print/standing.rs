//! Where everybody stands: roll-up, ranking, completeness.

use std::io::{self, Write};

use comfy_table::Table;
use liandong_core::quantity::{basis_points, percent};

use super::Printer;
use crate::demo::tables::{CompletenessLine, MonthLine, RankLine, RollupLine};

impl Printer {
    pub(super) fn rollup(&self, lines: &[RollupLine]) -> Table {
        let headings = [
            ("序号", "item"),
            ("指标", "indicator"),
            ("完成值", "value"),
            ("目标", "target"),
            ("期限", "due"),
            ("完成率", "completion"),
            ("灯", "light"),
            ("报送", "reported"),
        ];
        let mut table = self.table(&headings, &[2, 3, 5, 7]);
        for line in lines {
            let unit = if line.value.is_empty() || line.value.contains('/') {
                ""
            } else {
                &line.unit
            };
            table.add_row([
                line.item.clone(),
                line.indicator_name.clone(),
                format!("{}{unit}", line.value),
                line.target.clone(),
                line.due.clone(),
                line.completion_basis_points
                    .map(percent)
                    .unwrap_or_default(),
                self.light(line.light).to_owned(),
                format!("{}/{}", line.reported, line.expected),
            ]);
        }
        table
    }

    pub(super) fn ranking(&self, lines: &[RankLine]) -> Table {
        let headings = [
            ("名次", "place"),
            ("代码", "code"),
            ("县（市、区）", "county"),
            ("绿", "green"),
            ("黄", "yellow"),
            ("红", "red"),
            ("灰", "grey"),
            ("报送率", "reported"),
        ];
        let mut table = self.table(&headings, &[0, 3, 4, 5, 6, 7]);
        for line in lines {
            table.add_row([
                line.place.to_string(),
                line.region.clone(),
                line.name.clone(),
                line.green.to_string(),
                line.yellow.to_string(),
                line.red.to_string(),
                line.grey.to_string(),
                percent(line.reported_basis_points),
            ]);
        }
        table
    }

    pub(super) fn completeness(&self, lines: &[CompletenessLine]) -> Table {
        let headings = [
            ("代码", "code"),
            ("地区", "region"),
            ("应报", "expected"),
            ("已报", "reported"),
            ("及时", "in time"),
            ("报送率", "completeness"),
            ("及时率", "timeliness"),
        ];
        let mut table = self.table(&headings, &[2, 3, 4, 5, 6]);
        for line in lines {
            table.add_row([
                line.region.clone(),
                line.name.clone(),
                line.expected.to_string(),
                line.reported.to_string(),
                line.on_time.to_string(),
                line.reported_basis_points.map(percent).unwrap_or_default(),
                line.on_time_basis_points.map(percent).unwrap_or_default(),
            ]);
        }
        table
    }

    pub(super) fn year(&self, out: &mut dyn Write, months: &[MonthLine]) -> io::Result<()> {
        let sum = |part: fn(&MonthLine) -> u64| months.iter().map(part).sum::<u64>();
        let (expected, reported) = (sum(|month| month.expected), sum(|month| month.reported));
        let on_time = sum(|month| month.on_time);
        let late = months.iter().filter(|month| month.on_time < month.reported);
        let late: Vec<&str> = late.map(|month| month.period.as_str()).collect();
        let share = basis_points(i128::from(on_time), i128::from(expected));
        let share = share.map(percent).unwrap_or_default();
        let late = late.join(" ");
        let zh = format!(
            "全学年（聊城市）：应报 {expected}，已报 {reported}，及时 {on_time}（{share}）；\
             逾期的月份：{late}"
        );
        let en = format!(
            "Whole school year (Liaocheng): expected {expected}, reported {reported}, in time \
             {on_time} ({share}); late months: {late}"
        );
        writeln!(out, "{}", self.language.pick(zh, en))
    }
}
