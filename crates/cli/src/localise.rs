//! The language of help and of usage errors.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use liandong_core::language::Language;

use crate::failure::BadArgument;

/// Between the Chinese and the English half of a help text.
const BETWEEN: &str = " || ";

/// The language of this run: `--lang`, else the locale.
pub(crate) fn language(
    arguments: &[String],
    variable: impl Fn(&str) -> Option<String>,
) -> Language {
    let mut words = arguments.iter().skip(1);
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        let asked = match word.strip_prefix("--lang") {
            Some("") => words.next().map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        if let Some(tag) = asked {
            return Language::from_tag(tag);
        }
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    locale.map_or_else(Language::default, |tag| Language::from_tag(&tag))
}

/// Keeps one language of every help text, those that every command has included.
pub(crate) fn localised(mut command: clap::Command, language: Language) -> clap::Command {
    // Help, version and shared options stand in every command only once it is built.
    command.build();
    keep_half(command, language)
}

fn keep_half(command: clap::Command, language: Language) -> clap::Command {
    let about = command.get_about().map(|text| half(text, language));
    let mut kept = command
        .mut_args(|argument| one_language(argument, language))
        .mut_subcommands(|inner| keep_half(inner, language));
    if let Some(about) = about {
        kept = kept.about(about);
    }
    if language == Language::Zh {
        kept = kept
            .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}")
            .subcommand_help_heading("命令");
    }
    kept
}

fn one_language(argument: clap::Arg, language: Language) -> clap::Arg {
    let help = match (argument.get_id().as_str(), language) {
        ("help", Language::Zh) => Some("显示说明".to_owned()),
        ("version", Language::Zh) => Some("显示版本".to_owned()),
        _ => argument.get_help().map(|text| half(text, language)),
    };
    let is_positional = argument.is_positional();
    let mut kept = argument;
    if let Some(help) = help {
        kept = kept.help(help);
    }
    if language == Language::Zh {
        kept = kept.help_heading(if is_positional { "参数" } else { "选项" });
    }
    kept
}

fn half(text: &StyledStr, language: Language) -> String {
    let whole = text.to_string();
    match whole.split_once(BETWEEN) {
        Some((zh, en)) => language.pick(zh, en).to_owned(),
        None => whole,
    }
}

/// A usage error for a person. English is clap's own.
pub(crate) fn usage_error(error: &clap::Error, language: Language) -> String {
    if language == Language::En {
        return error.to_string();
    }
    let said = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join("、"),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let argument = said(ContextKind::InvalidArg);
    let value = said(ContextKind::InvalidValue);
    let sentence = match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 需要一个值"),
        ErrorKind::InvalidValue => {
            format!(
                "{argument}：“{value}”无法识别；可填：{}",
                said(ContextKind::ValidValue)
            )
        }
        ErrorKind::ValueValidation => {
            let source = std::error::Error::source(error);
            let bad = source.and_then(|source| source.downcast_ref::<BadArgument>());
            let accepted = match (bad, source) {
                (Some(bad), _) => bad.refusal.accepted.message(language),
                (None, Some(other)) => other.to_string(),
                (None, None) => String::new(),
            };
            format!("{argument}：“{value}”无法识别；{accepted}")
        }
        ErrorKind::UnknownArgument => {
            let suggested = said(ContextKind::SuggestedArg);
            let hint = if suggested.is_empty() {
                String::new()
            } else {
                format!("；是否指 {suggested}？")
            };
            format!("没有参数 {argument}{hint}")
        }
        ErrorKind::InvalidSubcommand => {
            let suggested = said(ContextKind::SuggestedSubcommand);
            let hint = if suggested.is_empty() {
                String::new()
            } else {
                format!("；是否指 {suggested}？")
            };
            format!("没有命令 {}{hint}", said(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("缺少参数：{argument}"),
        ErrorKind::MissingSubcommand => {
            format!("缺少命令；可用：{}", said(ContextKind::ValidSubcommand))
        }
        ErrorKind::ArgumentConflict => {
            format!("{argument} 不能与 {} 同时使用", said(ContextKind::PriorArg))
        }
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            format!("{argument} 的值的个数不对")
        }
        _ => return error.to_string(),
    };
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => {
            let text = usage.to_string();
            format!("\n\n用法：{}", text.trim_start_matches("Usage: "))
        }
        _ => String::new(),
    };
    format!("错误：{sentence}{usage}\n\n用 --help 查看说明。\n")
}

#[cfg(test)]
mod tests;
