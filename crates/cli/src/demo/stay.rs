//! What to try while the demonstration stays up.

use std::io::{self, Write};

use liandong_core::identity::Role;
use liandong_core::language::Language;
use liandong_core::region::RegionCode;

use super::error::DemoError;
use super::nodes::Mesh;
use super::outcome::Outcome;
use super::world::{LIAOCHENG_PLAN, World};

/// Opens a way for a browser into each of some nodes, seen with a certificate; what to open.
pub(super) async fn open_pages(
    world: &World,
    mesh: &Mesh,
) -> Result<Vec<(RegionCode, String)>, DemoError> {
    let places = &world.places;
    let seen = [
        (places.shandong, Role::Viewer),
        (places.liaocheng, Role::Admin),
        (places.comments, Role::Admin),
        (places.pengshui, Role::Admin),
    ];
    let mut pages = Vec::new();
    for (region, role) in seen {
        let relay = mesh.relay(region, role).await?;
        pages.push((region, relay.url()));
        tokio::spawn(relay.run());
    }
    Ok(pages)
}

/// Tells where the nodes listen and which commands show what, on standard error, so that standard
/// output holds the result alone.
pub(super) fn tell(
    outcome: &Outcome,
    pages: &[(RegionCode, String)],
    language: Language,
) -> io::Result<()> {
    let mut out = io::stderr().lock();
    let folder = &outcome.folder;
    writeln!(
        out,
        "\n{}",
        language.pick(
            format!("节点仍在运行，只与出示证书者通话；证书在 {folder}/区域/角色："),
            format!(
                "The nodes stay up and speak with whoever shows a certificate; those of this \
                 demonstration are in {folder}/REGION/ROLE:"
            ),
        )
    )?;
    for node in &outcome.nodes {
        writeln!(out, "  {:<8} {}  {}", node.region, node.address, node.name)?;
    }
    writeln!(
        out,
        "\n{}",
        language.pick(
            "控制台（本机浏览器）：",
            "The console, in a browser of this machine:"
        )
    )?;
    for (region, url) in pages {
        writeln!(out, "  {:<8} {url}", region.as_str())?;
    }
    let program = std::env::current_exe();
    let program = program.map_or_else(|_| "liandong".to_owned(), |path| path.display().to_string());
    let at = |region: &str| {
        let node = outcome.nodes.iter().find(|node| node.region == region);
        node.map_or("", |node| node.address.as_str())
    };
    let (period, last) = (&outcome.tables.period, &outcome.freshness.period);
    let indicator = &outcome.freshness.indicator;
    let (province, city, county, partner) =
        (at("370000"), at("371500"), at("371524"), at("500243"));
    let plan = LIAOCHENG_PLAN;
    let ask = |node: &str, words: String| {
        let known = outcome.nodes.iter().find(|known| known.address == node);
        let identity = known.map_or("", |known| known.identity.as_str());
        format!("{program} --identity {identity} --node {node} {words}")
    };
    let named = format!("--plan {plan} --plan-issuer 371500 --period {period}");
    let row = format!(
        "source,indicator,period,numerator,denominator\\n371524S01,{indicator},{last},300,320\\n"
    );
    let commands = [
        ask(province, format!("rollup get 370000 {named}")),
        ask(city, format!("rollup rank 371500 {named}")),
        ask(city, format!("rollup completeness 371500 {named}")),
        ask(
            province,
            format!("rollup watch 370000 --indicator {indicator}"),
        ),
        format!(
            "printf '{row}' | {}",
            ask(county, "report push -".to_owned())
        ),
        ask(
            county,
            format!("report history --source 371524S01 --indicator {indicator} --period {last}"),
        ),
        ask(
            city,
            format!("rollup drill 371524 --indicator {indicator} --period {last} --live"),
        ),
        ask(partner, "aid list".to_owned()),
        ask(partner, format!("aid reconcile {}", outcome.aid.project)),
        ask(county, "status".to_owned()),
        ask(county, "verify".to_owned()),
    ];
    writeln!(
        out,
        "\n{}",
        language.pick(
            "在另一个终端里可用的简称：",
            "Short names for a second terminal:"
        )
    )?;
    for (name, node) in [("province", province), ("city", city), ("county", county)] {
        writeln!(
            out,
            "  alias {name}='{}'",
            ask(node, String::new()).trim_end()
        )?;
    }
    writeln!(out, "\n{}", language.pick("可以试试：", "Try:"))?;
    for command in commands {
        writeln!(out, "  {command}")?;
    }
    writeln!(
        out,
        "\n{}",
        language.pick(
            "按 Ctrl-C 结束，不留任何进程和文件。",
            "Ctrl-C ends it and leaves no process and no file."
        )
    )
}
