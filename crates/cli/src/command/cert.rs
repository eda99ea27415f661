//! `liandong cert`: an authority and what it issues, and the certificate of one's own.
//!
//! Secrets are read from standard input or a file where they should not be seen in the list of
//! processes, and written nowhere but to who asked for them.

mod authority;
mod failure;
mod own;
mod show;
mod trust;

pub(crate) use failure::CertFailure;

use std::fmt;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use liandong_core::identity::{Identity, Role, TrustDomain};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_identity::{Fingerprint, Folder, RegionPattern};

use crate::failure::{Failure, Verdict};
use crate::output::Output;
use crate::value;

/// The folder of an identity where `--identity` names none.
const FOLDER: &str = "identity";

/// The commands about certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// 建立签发机构：根证书和本节点自己的证书（--region 为本节点的区域） || Make an authority: its root, and the certificate of this node, whose region is --region
    Init(InitArguments),
    /// 在机构换根：旧根为新根作保，此后由新根签发，任何人都不会中断 || Replace the root, at the authority: the old one vouches for the new one, which issues from now on, and nobody is cut off
    ReplaceRoot(ReplaceRootArguments),
    /// 邀请一个节点或人员来领证书（--region 为其区域） || Invite a node or a person to a certificate, of the region --region
    Invite(InviteArguments),
    /// 凭邀请领证书；或在机构按申请文件签发（--request） || Get a certificate with an invitation; or, at the authority, issue one for a request (--request)
    Issue(IssueArguments),
    /// 换发自己的证书，密钥也换新 || Have the own certificate renewed, with a new key
    Renew(RenewArguments),
    /// 在机构吊销证书 || Take certificates back, at the authority
    Revoke(RevokeArguments),
    /// 信任另一个信任域的根证书，只认其指定区域 || Trust the root of another trust domain, for the regions that it speaks for
    Trust(TrustArguments),
    /// 显示证书、信任的机构，以及机构签发和邀请过的 || Show the certificate, who is trusted, and what an authority issued and whom it invited
    Show(ShowArguments),
    /// 离线申请：生成密钥，写出申请文件 || Ask without a network: make a key and write a request
    Request(RequestArguments),
    /// 离线安装：安装机构按申请签发的文件 || Install, without a network, what the authority issued for a request
    Install(InstallArguments),
}

/// The arguments of `cert init`.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// 信任域的名称，如 edu.example || The name of the trust domain, like edu.example
    #[arg(long, value_name = "DOMAIN", value_parser = value::trust_domain)]
    domain: TrustDomain,
    /// 本节点的主机名或地址，可写多个；另含 localhost、127.0.0.1、::1 || A host name or address of this node, as often as needed; besides localhost, 127.0.0.1, ::1
    #[arg(long = "name", value_name = "HOST")]
    names: Vec<String>,
    /// 根证书的年数 || The years of the root
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=30))]
    years: u8,
}

/// The arguments of `cert replace-root`.
#[derive(Debug, Args)]
pub(crate) struct ReplaceRootArguments {
    /// 新根证书的年数 || The years of the new root
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=30))]
    years: u8,
}

/// The arguments of `cert invite`.
#[derive(Debug, Args)]
pub(crate) struct InviteArguments {
    /// 角色：node 节点、admin 管理员、reviewer 审核员、reporter 填报员、viewer 查看者 || The role: node, admin, reviewer, reporter or viewer
    #[arg(long, value_name = "ROLE", value_parser = value::role)]
    role: Role,
    /// 对方用来访问本机构节点的地址 || The address at which the other side reaches the authority's node
    #[arg(long, value_name = "URL", value_parser = value::encrypted)]
    address: String,
    /// 对方节点的主机名或地址，可写多个 || A host name or address of the other side's node, as often as needed
    #[arg(long = "name", value_name = "HOST")]
    names: Vec<String>,
    /// 邀请的有效小时数 || For how many hours the invitation holds
    #[arg(long, value_name = "N", default_value_t = 72, value_parser = clap::value_parser!(u16).range(1..=720))]
    hours: u16,
}

/// The arguments of `cert issue`.
#[derive(Debug, Args)]
pub(crate) struct IssueArguments {
    /// 存有邀请的文件，或 - 由标准输入读取；邀请本身不能写在命令行上，进程列表会显示 || A file that holds the invitation, or - for standard input; not the invitation itself, which every list of processes would show
    #[arg(
        value_name = "INVITATION",
        required_unless_present = "request",
        conflicts_with = "request"
    )]
    invitation: Option<Given>,
    /// 申请文件，由 cert request 写出 || The request that `cert request` wrote
    #[arg(long, value_name = "FILE", requires = "out")]
    request: Option<PathBuf>,
    /// 签发结果写入的文件，交给申请方 cert install || The file to write, for the other side's `cert install`
    #[arg(long, value_name = "FILE", requires = "request")]
    out: Option<PathBuf>,
    /// 角色，用于 --request：node、admin、reviewer、reporter、viewer || The role, with --request: node, admin, reviewer, reporter or viewer
    #[arg(long, value_name = "ROLE", requires = "request", value_parser = value::role)]
    role: Option<Role>,
    /// 节点的主机名或地址，用于 --request，可写多个 || A host name or address of the node, with --request, as often as needed
    #[arg(long = "name", value_name = "HOST", requires = "request")]
    names: Vec<String>,
    /// 有效天数，用于 --request：节点默认 90，人员默认 365 || For how many days, with --request: by default 90 for a node, 365 for a person
    #[arg(long, value_name = "N", requires = "request", value_parser = clap::value_parser!(u16).range(1..=i64::from(liandong_identity::MOST_DAYS)))]
    days: Option<u16>,
}

/// Where an invitation is read from, or one that was written here by mistake. Never shown.
#[derive(Clone)]
struct Given(String);

impl From<String> for Given {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(..)")
    }
}

/// The arguments of `cert renew`.
#[derive(Debug, Args)]
pub(crate) struct RenewArguments {
    /// 机构节点的地址，默认为领证书时的地址 || The address of the authority's node; by default where the certificate came from
    #[arg(long, value_name = "URL", value_parser = value::encrypted)]
    address: Option<String>,
}

/// The arguments of `cert revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArguments {
    /// 证书编号，或身份（spiffe://……，吊销其全部有效证书） || A serial number, or an identity (spiffe://…), all of whose valid certificates are taken back
    #[arg(value_name = "SERIAL|IDENTITY", value_parser = value::revoked)]
    which: liandong_identity::Which,
}

/// The arguments of `cert trust`.
#[derive(Debug, Args)]
pub(crate) struct TrustArguments {
    /// 对方机构的根证书（其 identity/roots/信任域.pem） || The root of the other authority: its identity/roots/DOMAIN.pem
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 对方可代表的区域：代码，或代码开头加星号，如 50*；可写多个 || A region that it speaks for: a code, or what codes begin with and a star, like 50*; as often as needed
    #[arg(long = "regions", value_name = "CODE|BEGINNING*", required = true, value_parser = value::regions)]
    regions: Vec<RegionPattern>,
    /// 根证书指纹，由对方另行告知，不符则不信任 || The root's fingerprint, as the other authority told it by another way; nothing else is trusted
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    root: Fingerprint,
}

/// The arguments of `cert show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// 只看一节：own、trusted、issued、invited || One section only: own, trusted, issued, invited
    #[arg(long, value_name = "SECTION", hide_possible_values = true)]
    only: Option<show::Section>,
}

/// The arguments of `cert request`.
#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    /// 写入的申请文件 || The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// The arguments of `cert install`.
#[derive(Debug, Args)]
pub(crate) struct InstallArguments {
    /// 机构 cert issue --request 写出的文件 || The file that the authority's `cert issue --request` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 根证书指纹，由机构另行告知，不符则不安装 || The root's fingerprint, as the authority told it by another way; nothing else is installed
    #[arg(long, value_name = "FINGERPRINT", value_parser = value::fingerprint)]
    root: Option<Fingerprint>,
}

impl CertCommand {
    /// Whether it is about a region, named by `--region`.
    pub(crate) fn names_region(&self) -> bool {
        match self {
            Self::Init(_) | Self::Invite(_) => true,
            Self::Issue(arguments) => arguments.request.is_some(),
            _ => false,
        }
    }
}

/// Runs a command on the folder.
pub(crate) async fn run(
    command: CertCommand,
    folder: Option<PathBuf>,
    region: Option<RegionCode>,
    output: Output,
) -> Result<Verdict, Failure> {
    let folder = Folder::at(folder.unwrap_or_else(|| PathBuf::from(FOLDER)));
    match command {
        CertCommand::Init(arguments) => authority::init(&folder, arguments, region, output),
        CertCommand::ReplaceRoot(arguments) => authority::replace_root(&folder, &arguments, output),
        CertCommand::Invite(arguments) => authority::invite(&folder, arguments, region, output),
        CertCommand::Issue(arguments) => match arguments.invitation {
            Some(Given(invitation)) => own::enrol(&folder, &invitation, output).await,
            None => authority::issue(&folder, arguments, region, output),
        },
        CertCommand::Renew(arguments) => own::renew(&folder, arguments, output).await,
        CertCommand::Revoke(arguments) => authority::revoke(&folder, &arguments.which, output),
        CertCommand::Trust(arguments) => trust::run(&folder, &arguments, output),
        CertCommand::Show(arguments) => show::run(&folder, arguments.only, output),
        CertCommand::Request(arguments) => own::request(&folder, &arguments.out, output),
        CertCommand::Install(arguments) => own::install(&folder, &arguments, output),
    }
}

/// The identity that the command line names; the region has to be said.
fn named(
    domain: &TrustDomain,
    region: Option<RegionCode>,
    role: Role,
) -> Result<Identity, Failure> {
    let region = region.ok_or_else(|| {
        Refusal::advise(
            Reason::Missing,
            "--region",
            "",
            "填证书所属区域的代码",
            "write the code of the region that the certificate is for",
        )
    })?;
    let domain = domain.clone();
    Ok(Identity {
        domain,
        region,
        role,
    })
}

/// A refusal of a role that was not said.
fn no_role() -> Refusal {
    let words = Role::ALL.into_iter().map(|role| role.word().to_owned());
    Refusal::new(
        Reason::Missing,
        "--role",
        "",
        Accepted::OneOf(words.collect()),
    )
}
