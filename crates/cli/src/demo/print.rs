//! The result for people: tables, in Chinese or English.

mod course;
mod standing;

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use liandong_core::language::Language;

use super::outcome::Outcome;
use super::plan::PlanOutcome;
use super::recount::RecountOutcome;

/// Writes the whole result.
pub(super) fn print(out: &mut dyn Write, outcome: &Outcome, language: Language) -> io::Result<()> {
    let printer = Printer { language };
    let period = &outcome.tables.period;
    let say = |zh: String, en: String| language.pick(zh, en);
    writeln!(
        out,
        "{}",
        say(
            format!(
                "联动演示：12 个真实节点（独立进程，仅本机回环），学年 {}。所有填报数字、金额、人数均为样例，\
                 方案、项目、目标、部门、区划均为真实文件内容。",
                outcome.school_year
            ),
            format!(
                "liandong demo: 12 real nodes (processes of their own, loopback only), school year \
                 {}. All reported figures, amounts and people are SAMPLES; plans, projects, \
                 targets, departments and regions are those of the published documents.",
                outcome.school_year
            )
        )
    )?;
    printer.plan(out, &outcome.plan)?;
    let title = say(
        format!("山东省 370000 汇总，截至 {period}（数据为样例）"),
        format!("Shandong 370000, roll-up as of {period} (sample figures)"),
    );
    printer.section(out, &title, printer.rollup(&outcome.tables.rollup))?;
    let title = say(
        format!("聊城市八个县（市、区）排名，{period}（数据为样例）"),
        format!("Ranking of Liaocheng's eight counties, {period} (sample figures)"),
    );
    printer.section(out, &title, printer.ranking(&outcome.tables.ranking))?;
    let title = say(
        format!(
            "报送率与及时率，{period}（全学年数据在演示当天一次补报，及时按期末后 {} 天内计）",
            outcome.grace_days
        ),
        format!(
            "Completeness and timeliness, {period} (the whole year is reported today; in time means \
             within {} days after the month)",
            outcome.grace_days
        ),
    );
    printer.section(
        out,
        &title,
        printer.completeness(&outcome.tables.completeness),
    )?;
    printer.year(out, &outcome.tables.completeness_by_month)?;
    printer.aid(out, &outcome.aid)?;
    printer.figures(out, outcome)?;
    printer.recount(out, &outcome.recount)?;
    printer.steps(out, outcome)
}

struct Printer {
    language: Language,
}

impl Printer {
    fn say<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        self.language.pick(zh, en)
    }

    fn section(&self, out: &mut dyn Write, title: &str, table: Table) -> io::Result<()> {
        writeln!(out, "\n{title}\n{table}")
    }

    fn table(&self, headings: &[(&'static str, &'static str)], right: &[usize]) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY);
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(headings.iter().map(|(zh, en)| self.say(zh, en)));
        for place in right {
            if let Some(column) = table.column_mut(*place) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    fn light(&self, light: &str) -> &'static str {
        match light {
            "green" => self.language.pick("绿", "green"),
            "yellow" => self.language.pick("黄", "yellow"),
            "red" => self.language.pick("红", "red"),
            _ => self.language.pick("灰", "grey"),
        }
    }

    fn plan(&self, out: &mut dyn Write, plan: &PlanOutcome) -> io::Result<()> {
        let returned = plan.returned.iter();
        let returned: Vec<String> = returned
            .map(|returned| format!("{} {}", returned.task, returned.why))
            .collect();
        let zh = format!(
            "\n方案 {}：《{}》，{} 项（重点项目 {} 项），目标 {} 个。\n\
             征求意见：文件原定截止 {}，已过；演示改为截止 {}，收到意见 {} 条，随后印发。\n\
             分解任务 {} 个；签收 {}，验收 {}，销号 {}，退回 {}：{}",
            plan.plan,
            plan.title,
            plan.items,
            plan.key_projects,
            plan.targets,
            plan.consultation_in_document,
            plan.consultation_until,
            plan.comments,
            plan.tasks,
            plan.acknowledged,
            plan.accepted,
            plan.closed,
            plan.returned.len(),
            returned.join("；"),
        );
        let en = format!(
            "\nPlan {}: {}, {} items ({} key projects), {} targets.\n\
             Consultation: the document's own last day, {}, has passed; the demo sets {}; \
             {} comment(s) came, then it was issued.\n\
             {} tasks were given; {} acknowledged, {} accepted, {} closed, {} returned: {}",
            plan.plan,
            plan.title,
            plan.items,
            plan.key_projects,
            plan.targets,
            plan.consultation_in_document,
            plan.consultation_until,
            plan.comments,
            plan.tasks,
            plan.acknowledged,
            plan.accepted,
            plan.closed,
            plan.returned.len(),
            returned.join("; "),
        );
        writeln!(out, "{}", self.language.pick(zh, en))?;
        if plan.shortfalls.is_empty() {
            return Ok(());
        }
        let headings = [
            ("序号", "item"),
            ("项目", "project"),
            ("指标", "indicator"),
            ("期限", "due"),
            ("应达到", "whole"),
            ("各县合计", "parts add up to"),
        ];
        let mut table = self.table(&headings, &[4, 5]);
        for short in &plan.shortfalls {
            table.add_row([
                &short.item,
                &short.name,
                &short.indicator,
                &short.due,
                &short.whole,
                &short.parts_sum,
            ]);
        }
        let title = self.say(
            "分解缺口（演示故意少分一项）",
            "Shortfalls of the decomposition (one item is short on purpose)",
        );
        self.section(out, title, table)
    }

    fn recount(&self, out: &mut dyn Write, recount: &RecountOutcome) -> io::Result<()> {
        let headings = [
            ("节点", "node"),
            ("名称", "name"),
            ("核对单元", "cells"),
            ("不符", "mismatches"),
            ("日志帧", "journal frames"),
            ("隔离", "set aside"),
        ];
        let mut table = self.table(&headings, &[2, 3, 4, 5]);
        for node in &recount.nodes {
            table.add_row([
                node.region.clone(),
                node.name.clone(),
                node.cells_checked.to_string(),
                node.mismatches.to_string(),
                node.journal_frames_checked.to_string(),
                node.quarantined.to_string(),
            ]);
        }
        let title = self.say(
            "各节点从已收数据重新计算核对",
            "Every node recounts its cells from the reports it accepted",
        );
        self.section(out, title, table)?;
        for province in &recount.provinces {
            let zh = format!(
                "{}：与演示自己的底账（{} 个数）逐格比对 {} 格，差异 {} 处",
                province.name,
                province.figures,
                province.cells_compared,
                province.differences.len()
            );
            let en = format!(
                "{}: compared with the demo's own book ({} figures), {} cells, {} differences",
                province.name,
                province.figures,
                province.cells_compared,
                province.differences.len()
            );
            writeln!(out, "{}", self.language.pick(zh, en))?;
            for difference in province.differences.iter().take(10) {
                writeln!(out, "  {difference}")?;
            }
        }
        Ok(())
    }

    fn steps(&self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        let mut table = self.table(&[("步骤", "step"), ("毫秒", "ms")], &[1]);
        for step in &outcome.steps {
            table.add_row([
                step.step.title(self.language).to_owned(),
                step.ms.to_string(),
            ]);
        }
        table.add_row([
            self.say("合计", "in all").to_owned(),
            outcome.total_ms.to_string(),
        ]);
        self.section(out, self.say("各步骤用时", "What each step took"), table)?;
        let verdict = if outcome.recount.agrees {
            self.say(
                "结论：所有节点的重新计算一致。",
                "Verdict: the recount on every node agrees.",
            )
        } else {
            self.say(
                "结论：重新计算有不符，见上。",
                "Verdict: a recount does not agree, see above.",
            )
        };
        writeln!(out, "\n{verdict}")
    }
}
