//! The result for people: tables, in Chinese or English.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use liandong_core::language::Language;
use liandong_core::quantity::{basis_points, percent, yuan};

use super::aid::{AidOutcome, Disagreement};
use super::outcome::Outcome;
use super::plan::PlanOutcome;
use super::recount::RecountOutcome;
use super::tables::{CompletenessLine, MonthLine, RankLine, RollupLine};

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
            plan.returned.join("；"),
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
            plan.returned.join("; "),
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

    fn rollup(&self, lines: &[RollupLine]) -> Table {
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

    fn ranking(&self, lines: &[RankLine]) -> Table {
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

    fn completeness(&self, lines: &[CompletenessLine]) -> Table {
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

    fn year(&self, out: &mut dyn Write, months: &[MonthLine]) -> io::Result<()> {
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

    fn aid(&self, out: &mut dyn Write, aid: &AidOutcome) -> io::Result<()> {
        let headings = [
            ("所在节点", "as seen at"),
            ("承诺（元）", "fund (yuan)"),
            ("拨付（元）", "paid (yuan)"),
            ("到账（元）", "received (yuan)"),
            ("支出（元）", "spent (yuan)"),
            ("里程碑", "milestones"),
            ("支教人数", "teachers"),
            ("登记数", "entries"),
            ("差异", "differences"),
        ];
        let mut table = self.table(&headings, &[1, 2, 3, 4, 5, 6, 7, 8]);
        for side in &aid.sides {
            table.add_row([
                side.at.clone(),
                yuan(side.fund_fen),
                yuan(side.disbursed_fen),
                yuan(side.received_fen),
                yuan(side.spent_fen),
                format!("{}/{}", side.milestones_reached, side.milestones),
                format!("{}/{}", side.teachers_confirmed, side.teachers_sent),
                side.entries.to_string(),
                side.differences.len().to_string(),
            ]);
        }
        for summary in &aid.summaries {
            table.add_row([
                format!(
                    "{}{}",
                    summary.at,
                    self.say("（上级，仅摘要）", " (superior, summary only)")
                ),
                yuan(summary.fund_fen),
                yuan(summary.disbursed_fen),
                yuan(summary.received_fen),
                yuan(summary.spent_fen),
                format!("{}/{}", summary.milestones_reached, summary.milestones),
                String::new(),
                String::new(),
                summary.differences.to_string(),
            ]);
        }
        let title = format!(
            "{}{} → {}：{}",
            self.say(
                "援助项目（金额、人数为样例） ",
                "Aid project (sample amounts and people) "
            ),
            aid.donor,
            aid.recipient,
            aid.name
        );
        self.section(out, &title, table)?;
        for side in &aid.differences_at_first {
            for difference in &side.differences {
                let (one, other) = amounts(difference);
                let (at, about) = (&side.at, &difference.about);
                let zh = format!("对账（{at}，补足前）：{about} 拨付 {one} 元，到账 {other} 元");
                let en = format!(
                    "reconciliation (at {at}, before it was put right): {about} paid {one} yuan, \
                     received {other} yuan"
                );
                writeln!(out, "{}", self.language.pick(zh, en))?;
            }
        }
        let state = match (aid.same_documents, aid.complete) {
            (true, true) => self.say(
                "对账（完成后）：双方资料一致，没有差异",
                "reconciliation (at the end): both sides hold the same documents, no difference",
            ),
            _ => self.say(
                "对账（完成后）：双方仍有差异",
                "reconciliation (at the end): the two sides still differ",
            ),
        };
        writeln!(out, "{state}")
    }

    fn figures(&self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
        let (push, offline, fresh) = (&outcome.push, &outcome.offline, &outcome.freshness);
        let zh = format!(
            "\n填报：{} 个县（含彭水）同时推送 {} 条，{} 毫秒，每秒 {} 条；更正 {} 条。\n\
             断线：{}（{}）进程被 {} 终止，其间省里仍收到其他县 {} 条；重启并重新连上 {} 毫秒，\
             补报 {} 条后 {} 毫秒内省里全部到齐。\n\
             时延：县收到一条更正到省汇总更新，{} 次测量，中位 {} 毫秒，最差 {} 毫秒\
             （县自身落盘应答：中位 {} 毫秒，最差 {} 毫秒）。",
            push.counties,
            push.reports,
            push.ms,
            push.reports_per_second,
            outcome.corrections.superseded,
            offline.name,
            offline.region,
            offline.ended_by,
            offline.reported_meanwhile,
            offline.restart_ms,
            offline.push.reports,
            offline.caught_up_ms,
            fresh.samples,
            fresh.median_ms,
            fresh.worst_ms,
            fresh.median_answer_ms,
            fresh.worst_answer_ms,
        );
        let en = format!(
            "\nPush: {} counties (Pengshui among them) pushed {} reports side by side in {} ms, {} a second; {} were \
             corrected.\n\
             Offline: the node of {} ({}) was ended by {}; meanwhile {} reports of the others were \
             in the province; restarted and linked again after {} ms; {} ms after its {} reports \
             were taken the province had everything.\n\
             Freshness: from a county being handed a report to the province's roll-up, {} times: \
             median {} ms, worst {} ms (the county's own durable answer: median {} ms, worst {} \
             ms).",
            push.counties,
            push.reports,
            push.ms,
            push.reports_per_second,
            outcome.corrections.superseded,
            offline.name,
            offline.region,
            offline.ended_by,
            offline.reported_meanwhile,
            offline.restart_ms,
            offline.caught_up_ms,
            offline.push.reports,
            fresh.samples,
            fresh.median_ms,
            fresh.worst_ms,
            fresh.median_answer_ms,
            fresh.worst_answer_ms,
        );
        writeln!(out, "{}", self.language.pick(zh, en))
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

fn amounts(difference: &Disagreement) -> (String, String) {
    if difference.in_fen {
        return (yuan(difference.one), yuan(difference.other));
    }
    (difference.one.to_string(), difference.other.to_string())
}
