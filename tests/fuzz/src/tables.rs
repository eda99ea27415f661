//! Files that people make: reports as CSV and JSON lines, a bureau's tree, plans, indicators.

use std::sync::OnceLock;

use liandong_catalog::{parse_indicator_file, parse_plan_file, parse_region_csv};
use liandong_core::language::Language;
use liandong_core::plan::PlanText;
use liandong_input::{
    Field, InputKind, Interpreted, KnownIndicators, RefusedRow, RowReader, cells_of, decode_whole,
    interpret,
};
use liandong_wire::task::v1;

use crate::sources;

/// What one file may hold at most before the target is bored.
const MOST_ROWS: usize = 10_000;

/// Reports. The first byte says of which kind the file is, or that it has to be guessed.
pub(crate) fn reports(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else {
        return;
    };
    let kind = match which % 4 {
        0 => Some(InputKind::Csv),
        1 => Some(InputKind::Jsonl),
        _ => None,
    };
    if let Ok(whole) = decode_whole(bytes) {
        assert!(whole.len() <= 4 * bytes.len(), "text grows when decoded");
    }
    let mut rows = match RowReader::new(bytes, kind) {
        Ok(rows) => rows,
        Err(error) => {
            assert!(!error.message(Language::Zh).is_empty());
            return;
        }
    };
    let known = known();
    let mut last_line = 0;
    for _ in 0..MOST_ROWS {
        let row = match rows.next_row() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => {
                assert!(!error.message(Language::En).is_empty());
                break;
            }
        };
        assert!(row.line >= last_line, "line {} after {last_line}", row.line);
        last_line = row.line;
        match interpret(&row, known) {
            Ok(Interpreted::Report(report)) => {
                let mut written = row.clone();
                written.cells = cells_of(&report, known);
                let again = interpret(&written, known);
                let same = again.as_ref() == Ok(&Interpreted::Report(report.clone()));
                assert!(same, "{report:?} is not {again:?}");
            }
            Ok(Interpreted::LeftEmpty) => {}
            Err(refusal) => {
                crate::requests::travels(&refusal);
                let refused = RefusedRow::here(row.line, row.cells.clone(), &refusal, Language::Zh);
                assert!(!refused.message.is_empty());
                assert!(refused.cells.get(Field::Note) == row.cells.get(Field::Note));
            }
        }
    }
    assert!(rows.unknown_columns().len() <= bytes.len() + 1);
}

fn known() -> &'static KnownIndicators {
    static KNOWN: OnceLock<KnownIndicators> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let indicators = sources::catalogue().indicators.values();
        KnownIndicators::new(indicators.cloned())
    })
}

pub(crate) fn report_seeds() -> Vec<Vec<u8>> {
    let csv = "单位代码,指标,周期,分子,分母,备注\n\
               371524-001,compulsory-dropouts,2025-03,3,,\n\
               371524-002,left-behind-care-room,2025年3月,\"1,234\",2000,\"补报\n（三月）\"\n\
               \n371524-003,没有这个指标,2025/03,x,,\n";
    let json = "{\"source\":\"371524-001\",\"indicator\":\"compulsory-dropouts\",\
                \"period\":\"2025-03\",\"numerator\":3,\"note\":\"\\u8865\"}\n\
                {\"source\":\"371524-002\",\"numerator\":\"1.5\"}\n[1]\n";
    let semicolons = csv.replace(',', ";");
    let windows = format!("\u{feff}{}", csv.replace('\n', "\r\n"));
    // The same words in the encoding that older spreadsheets write.
    let (chinese, _, _) = encoding_rs::GB18030.encode(csv);
    let utf16: Vec<u8> = csv.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: [(u8, &[u8]); 8] = [
        (0, csv.as_bytes()),
        (1, json.as_bytes()),
        (2, csv.as_bytes()),
        (2, json.as_bytes()),
        (0, semicolons.as_bytes()),
        (2, windows.as_bytes()),
        (0, &chinese),
        (2, &utf16),
    ];
    let mut seeds = Vec::new();
    for (kind, file) in files {
        seeds.push([&[kind], file].concat());
    }
    // A workbook's first bytes.
    seeds.push(b"\x02PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml".to_vec());
    seeds
}

/// A bureau's tree.
pub(crate) fn regions(data: &[u8]) {
    let tree = &sources::catalogue().regions;
    match parse_region_csv(data, tree) {
        Ok(regions) => {
            assert!(regions.len() <= data.len());
            // What was accepted can be put into a tree, parents first.
            let mut text = "code,name,parent,level,kind\n".to_owned();
            for region in &regions {
                let quoted = region.name.replace('"', "\"\"");
                let parent = region.parent.map(|parent| parent.to_string());
                let (level, kind) = (region.level.word(), region.kind.word());
                let parent = parent.unwrap_or_default();
                let line = format!("{},\"{quoted}\",{parent},{level},{kind}\n", region.code);
                text.push_str(&line);
            }
            match parse_region_csv(text.as_bytes(), tree) {
                Ok(again) => assert_eq!(again, regions, "{text}"),
                Err(errors) => panic!("{text:?} is not taken again: {errors:?}"),
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in &errors {
                assert!(!error.message(Language::Zh).is_empty());
            }
        }
    }
}

pub(crate) fn region_seeds() -> Vec<Vec<u8>> {
    let english = "code,name,parent,level,kind\n371524-001,一小,371524,unit,primary-school\n\
                   371524-100,镇,371524,township,\n371524-101,二小,371524-100,unit,primary-school\n";
    let heading = "代码,名称,上级,层级,类别";
    let chinese = english.replacen("code,name,parent,level,kind", heading, 1);
    let (old, _, _) = encoding_rs::GB18030.encode(&chinese);
    vec![
        english.as_bytes().to_vec(),
        chinese.as_bytes().to_vec(),
        old.into_owned(),
    ]
}

/// Plans and indicators.
pub(crate) fn plans(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match parse_plan_file(text) {
        Ok(file) => {
            let sent = v1::PlanText::from(&file.plan);
            let again = PlanText::try_from(sent);
            assert!(again.as_ref() == Ok(&file.plan), "{again:?}");
        }
        Err(errors) => assert!(!errors.is_empty()),
    }
    match parse_indicator_file(text) {
        Ok(indicators) => {
            for indicator in &indicators {
                let sent = liandong_wire::admin::v1::Indicator::from(indicator);
                let again = liandong_core::indicator::Indicator::try_from(sent);
                assert!(again.as_ref() == Ok(indicator), "{again:?}");
            }
        }
        Err(errors) => {
            for error in &errors {
                assert!(!error.message(Language::En).is_empty());
            }
        }
    }
}

pub(crate) fn plan_seeds() -> Vec<Vec<u8>> {
    let mut files = sources::plan_files();
    files.truncate(3);
    files.extend(sources::texts("crates/catalog/data/indicators", "toml"));
    // Whole files are long; what matters is one table of each kind.
    let mut seeds = Vec::new();
    for file in files {
        let short: String = file.chars().take(2_000).collect();
        let end = short.rfind("\n\n").unwrap_or(short.len());
        seeds.push(short.as_bytes()[..end].to_vec());
    }
    seeds
}
