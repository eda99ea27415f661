//! How it went: the aid project, the pushing, the outage, the freshness.

use std::io::{self, Write};

use liandong_core::quantity::yuan;

use super::Printer;
use crate::demo::aid::{AidOutcome, Disagreement};
use crate::demo::outcome::Outcome;

impl Printer {
    pub(super) fn aid(&self, out: &mut dyn Write, aid: &AidOutcome) -> io::Result<()> {
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

    pub(super) fn figures(&self, out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
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
}

fn amounts(difference: &Disagreement) -> (String, String) {
    if difference.in_fen {
        return (yuan(difference.one), yuan(difference.other));
    }
    (difference.one.to_string(), difference.other.to_string())
}
