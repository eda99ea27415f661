//! Projects: proposed and agreed to.

use clap::Args;
use liandong_client::wire::collaboration::v1;
use liandong_core::quantity::yuan;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_input::trim;

use super::ProjectName;
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Said};
use crate::session::Session;
use crate::value;

/// The arguments of `aid project`.
#[derive(Debug, Args)]
pub(crate) struct ProjectArguments {
    /// 项目编号；以同一编号再次提出则修改 || The project's id; proposing it again changes it
    #[arg(value_name = "PROJECT")]
    id: String,
    /// 对方 || The other side
    #[arg(long, value_name = "CODE", value_parser = value::region)]
    partner: RegionCode,
    /// 援助方，默认为本方 || The side that gives; by default this one
    #[arg(long, value_name = "CODE", value_parser = value::region)]
    donor: Option<RegionCode>,
    /// 名称 || Its name
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// 内容 || What is done
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    content: String,
    /// 承诺资金，元 || The fund promised, in 元
    #[arg(long, value_name = "YUAN", default_value = "0", value_parser = value::yuan)]
    fund: i64,
    /// 节点：“名称,期限,承担方”，可填多个，按次序编号 || A milestone: "TITLE,DATE,SIDE"; numbered in the order given
    #[arg(long, value_name = "TITLE,DATE,SIDE", num_args = 1..)]
    milestone: Vec<String>,
}

pub(super) async fn propose(
    session: &Session,
    arguments: &ProjectArguments,
) -> Result<Verdict, Failure> {
    let region = session.acting_region().await?;
    let mut milestones = Vec::with_capacity(arguments.milestone.len());
    for (number, text) in (1..).zip(&arguments.milestone) {
        milestones.push(read_milestone(number, text)?);
    }
    let donor = arguments
        .donor
        .map_or_else(|| region.clone(), |donor| donor.to_string());
    let request = v1::ProposeProjectRequest {
        region,
        id: arguments.id.clone(),
        partner: arguments.partner.to_string(),
        donor,
        name: arguments.name.clone(),
        content: arguments.content.clone(),
        fund_fen: arguments.fund,
        milestones,
        author: session.author(),
    };
    let answer = session
        .client
        .collaboration()
        .propose_project(request)
        .await?;
    let (id, name, fund) = (&arguments.id, &arguments.name, yuan(arguments.fund));
    let said = Said::new(
        format!("已提出援助项目“{name}”（{id}），承诺资金 {fund} 元，待对方同意"),
        format!(
            "proposed the aid project \"{name}\" ({id}) with a fund of {fund} 元; the other side has to agree"
        ),
    );
    let said = said
        .fact("project", Cell::text(id))
        .fact("version", Cell::Count(answer.version));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

/// The title may have commas; the date and the side stand behind the last two.
fn read_milestone(number: u32, text: &str) -> Result<v1::Milestone, Refusal> {
    let malformed = || {
        let accepted = Accepted::Form("教师培训,2025-09-30,371500".to_owned());
        Refusal::new(Reason::Malformed, "--milestone", text, accepted)
    };
    let comma = |c: char| c == ',' || c == '，';
    let (rest, owner) = text.rsplit_once(comma).ok_or_else(malformed)?;
    let (title, due) = rest.rsplit_once(comma).ok_or_else(malformed)?;
    let due = value::date(due).map_err(|_| malformed())?;
    let owner = value::region(owner).map_err(|_| malformed())?;
    if trim(title).is_empty() {
        return Err(malformed());
    }
    Ok(v1::Milestone {
        number,
        title: trim(title).to_owned(),
        due: due.to_string(),
        owner: owner.to_string(),
    })
}

pub(super) async fn consent(session: &Session, name: &ProjectName) -> Result<Verdict, Failure> {
    let proposer = name.proposer(session).await?;
    let region = session.acting_region().await?;
    let request = v1::ConsentProjectRequest {
        region: region.clone(),
        proposer,
        project: name.id.clone(),
        author: session.author(),
    };
    let answer = session
        .client
        .collaboration()
        .consent_project(request)
        .await?;
    let id = &name.id;
    let said = Said::new(
        format!("{region} 已同意项目 {id}"),
        format!("{region} agreed to the project {id}"),
    );
    session
        .output
        .said(&said.fact("version", Cell::Count(answer.version)))?;
    Ok(Verdict::Done)
}

#[cfg(test)]
mod tests {
    use super::read_milestone;

    #[test]
    fn milestones_are_read_from_behind() {
        let milestone = read_milestone(1, "设备采购，到位,2025-09-30,371500").unwrap();
        assert_eq!(milestone.title, "设备采购，到位");
        assert_eq!(milestone.due, "2025-09-30");
        assert_eq!(milestone.owner, "371500");
        for text in [
            "",
            "设备",
            "设备,2025-09-30",
            "设备,someday,371500",
            ",2025-09-30,371500",
        ] {
            assert!(read_milestone(1, text).is_err(), "{text:?}");
        }
    }
}
