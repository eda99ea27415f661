use clap::{CommandFactory, FromArgMatches};
use liandong_core::language::Language;

use super::{language, localised, usage_error};
use crate::arguments::Arguments;

fn words(text: &str) -> Vec<String> {
    std::iter::once("liandong")
        .chain(text.split_whitespace())
        .map(str::to_owned)
        .collect()
}

fn parse(text: &str) -> Result<Arguments, clap::Error> {
    let command = localised(Arguments::command(), Language::Zh);
    let matches = command.try_get_matches_from(words(text))?;
    Arguments::from_arg_matches(&matches)
}

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
    localised(Arguments::command(), Language::Zh).debug_assert();
}

#[test]
fn the_language_is_asked_for_or_taken_from_the_locale() {
    let none = |_: &str| None;
    let zh = |name: &str| (name == "LANG").then(|| "zh_CN.UTF-8".to_owned());
    let overridden = |name: &str| match name {
        "LC_ALL" => Some("C".to_owned()),
        _ => Some("zh_CN.UTF-8".to_owned()),
    };
    assert_eq!(language(&words("status"), none), Language::En);
    assert_eq!(language(&words("status"), zh), Language::Zh);
    assert_eq!(language(&words("status"), overridden), Language::En);
    assert_eq!(language(&words("status --lang en"), zh), Language::En);
    assert_eq!(language(&words("--lang=zh status"), none), Language::Zh);
    assert_eq!(
        language(&words("report push -- --lang=zh"), none),
        Language::En
    );
}

#[test]
fn every_command_of_the_design_is_understood() {
    for text in [
        "plan import plan.toml",
        "plan import --builtin liaocheng-2023",
        "plan list --format json",
        "plan show liaocheng-2023 --issuer 371500",
        "plan consult liaocheng-2023 --until 2025-03-14",
        "plan comment liaocheng-2023 --item 5 --text 意见",
        "plan issue liaocheng-2023 --by 办公室 --why 会议通过",
        "task assign liaocheng-2023 5 --to 371524 371502 --target a=50 --due 2025-12-31",
        "task assign liaocheng-2023 5 --all-children --region 371500",
        "task assign liaocheng-2023 5 --parts parts.csv",
        "task list --stage completed --assignee 371524",
        "task show liaocheng-2023/5/371524",
        "task ack a/1/371524 a/2/371524",
        "task return a/1/371524 --why 材料不全",
        "report push - --input jsonl --all-or-nothing --dry-run --errors e.csv",
        "report history --source 371524-s1 --indicator a --period 2025年3月",
        "report template --plan liaocheng-2023 --period 2025-03 --source 371524-s1",
        "rollup get 371500 --plan liaocheng-2023 --period 2025-03",
        "rollup get --indicator a --period 2025-Q1",
        "rollup watch 371500 371524",
        "rollup drill 371524 --indicator a --period 2025-03 --live",
        "rollup completeness --plan p --period 2024-2025",
        "rollup rank --plan p --period 2024-2025-S1",
        "aid pair 500243 --kind across-provinces --terms 约定 --from 2026-01-01",
        "aid sign 371500",
        "aid end 371500 --why 到期",
        "aid project x --partner 500243 --name 名 --fund 500000.50 --milestone 到位,2026-09-30,371500",
        "aid consent x",
        "aid disburse x --amount 300,000.00 --on 2026-03-01",
        "aid receive x --disbursement d --amount 1 --on 2026-03-01",
        "aid spend x --amount 1 --on 2026-03-01",
        "aid place x --teachers 5 --from 2026-03-01 --until 2026-07-01",
        "aid confirm x --placement p --teachers 4",
        "aid milestone x 1 --on 2026-08-01",
        "aid reconcile x --proposer 371500",
        "aid list --partner 500243",
        "aid show x",
        "region list --under 371500 --depth 1",
        "region host tree.csv",
        "region export 371524 out.bin --move-out",
        "region import out.bin",
        "indicator list --plan p",
        "audit list",
        "audit list --region 371524 --role reviewer --action accept-task --limit 5",
        "audit list --since 2026-11 --until 2026-11-22T08:00 --certificate 5C:F8",
        "status --node http://127.0.0.1:7410",
        "verify --only journal,peers",
        "verify --data d",
        "verify --config node.toml",
        "verify --backup b",
        "backup --data d --to b",
        "backup --config node.toml --to b",
        "restore --from b --data d",
        "repair --config node.toml --from mirror",
        "repair --data d --from b",
        "status --only links",
        "serve --config node.toml",
        "demo",
    ] {
        if let Err(error) = parse(text) {
            panic!("{text}: {error}");
        }
    }
}

#[test]
fn wrong_words_are_named_with_what_would_do() {
    let cases = [
        ("pla", "没有命令 pla；是否指 plan"),
        ("plan import", "缺少参数"),
        (
            "plan consult x --until 2025-02-30",
            "“2025-02-30”无法识别；格式：2025-03-14",
        ),
        (
            "rollup get 37_15 --indicator a --period 2025",
            "“37_15”无法识别；填区域代码",
        ),
        (
            "rollup get --indicator A --period 2025",
            "“A”无法识别；填指标代码",
        ),
        (
            "rollup rank --plan p --period 2025/3/1",
            "“2025/3/1”无法识别；格式：2025-03-14",
        ),
        (
            "aid spend x --amount 5万 --on 2026-03-01",
            "“5万”无法识别；填以元为单位的金额",
        ),
        ("status --node nowhere", "“nowhere”无法识别；填节点地址"),
        ("status --formt json", "没有参数 --formt；是否指 --format"),
        (
            "status --format xml",
            "“xml”无法识别；可填：table、json、csv",
        ),
        ("task assign p 1 --all-children --to 371524", "不能与"),
        ("audit list --role boss", "“boss”无法识别；可填：node"),
        (
            "audit list --action push",
            "“push”无法识别；可填：host-regions",
        ),
        ("audit list --since gestern", "“gestern”无法识别；填日期"),
        (
            "audit list --certificate xyz",
            "“xyz”无法识别；填 cert show",
        ),
        ("audit list --limit 0", "--limit"),
        ("backup --to d", "缺少参数"),
        ("backup --data d --config c --to d", "不能与"),
        ("verify --data d --backup b", "不能与"),
        ("verify --only moon", "“moon”无法识别；可填：journal"),
        ("status --only moon", "“moon”无法识别；可填：hosted"),
    ];
    for (text, expected) in cases {
        let Err(error) = parse(text) else {
            panic!("{text} was taken");
        };
        let said = usage_error(&error, Language::Zh);
        assert!(said.contains(expected), "{text}: {said}");
    }
}

#[test]
fn help_speaks_one_language() {
    for (language, word) in [(Language::Zh, "方案"), (Language::En, "Plans")] {
        let mut command = localised(Arguments::command(), language);
        for name in [
            "", "plan", "task", "report", "rollup", "aid", "region", "serve", "demo", "status",
            "verify", "backup", "restore", "repair", "audit",
        ] {
            let inner = if name.is_empty() {
                &mut command
            } else {
                command.find_subcommand_mut(name).unwrap()
            };
            let help = inner.render_long_help().to_string();
            assert!(!help.contains("||"), "{name}: {help}");
        }
        assert!(command.render_help().to_string().contains(word));
    }
}
