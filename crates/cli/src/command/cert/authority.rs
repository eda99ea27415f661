//! At the authority: making it, inviting, issuing for requests, taking back.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use liandong_core::identity::Role;
use liandong_core::region::RegionCode;
use liandong_identity::{
    Folder, Introduction, Key, Office, Request, TakenBack, Wanted, Which, list_number,
};

use super::{
    CertFailure, InitArguments, InviteArguments, IssueArguments, ReplaceRootArguments, named,
    no_role,
};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Output, Said};

/// The names by which every node is reached on its own machine.
const OWN_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Makes the root and this node's certificate.
pub(super) fn init(
    folder: &Folder,
    arguments: InitArguments,
    region: Option<RegionCode>,
    output: Output,
) -> Result<Verdict, Failure> {
    let InitArguments {
        domain,
        names,
        years,
    } = arguments;
    let now = Timestamp::now();
    let identity = named(&domain, region, Role::Node)?;
    let own_machine = OWN_MACHINE.into_iter().map(str::to_owned);
    let wanted = Wanted {
        names: own_machine.chain(names).collect(),
        identity: identity.clone(),
    };
    // Before anything is made: a root is not made twice for a misspelt name.
    wanted.check().map_err(in_office)?;
    folder.free_for(&identity).map_err(CertFailure::from)?;
    let office = found(folder, domain, years, now)?;
    let key = Key::generate().map_err(CertFailure::from)?;
    let request = Request::of(&key).map_err(in_office)?;
    let days = wanted.days();
    let package = office.issue(&request, wanted, days, now);
    let package = package.map_err(CertFailure::from)?;
    let installed = package.install(folder, key, Some(&identity), Introduction::Folder, now);
    let own = installed.map_err(CertFailure::from)?;
    let root = office.root();
    let (fingerprint, place) = (root.fingerprint(), folder.path().display());
    let (root_ends, own_ends) = (
        Cell::Moment(Some(root.not_after())),
        Cell::Moment(Some(own.not_after())),
    );
    let (root_until, own_until) = (
        root_ends.for_people(output.language),
        own_ends.for_people(output.language),
    );
    let said = Said::new(
        format!(
            "已在 {place} 建立信任域 {} 的签发机构\n\
             根证书：指纹 {fingerprint}，有效至 {root_until}（{years} 年）\n\
             本节点：{identity}，有效至 {own_until}（{days} 天，到最后三分之一时节点自行换发）\n\
             请把 {place}/authority 离线备份：拿到其中 key.pem 的人可以冒充任何人，丢失则不能再签发。\n\
             接下来：在 node.toml 写入 [identity] folder = \"{place}\"，重启节点；\n\
             邀请下级：liandong cert invite --region 代码 --role node --address https://主机:端口",
            office.domain()
        ),
        format!(
            "made the authority of the trust domain {} in {place}\n\
             root: fingerprint {fingerprint}, valid until {root_until} ({years} years)\n\
             this node: {identity}, valid until {own_until} ({days} days; the node renews it by itself in the last third)\n\
             Keep a copy of {place}/authority off line: whoever has its key.pem can be anybody, and without it nothing can be issued.\n\
             Next: write [identity] folder = \"{place}\" into node.toml and restart the node;\n\
             to invite: liandong cert invite --region CODE --role node --address https://HOST:PORT",
            office.domain()
        ),
    );
    let said = said
        .fact("domain", Cell::text(office.domain().to_string()))
        .fact("root_fingerprint", Cell::text(fingerprint.to_string()))
        .fact("root_until", root_ends)
        .fact("identity", Cell::text(identity.to_string()))
        .fact("serial", Cell::text(own.serial().to_string()))
        .fact("until", own_ends)
        .fact("folder", Cell::text(place.to_string()));
    output.said(&said)?;
    Ok(Verdict::Done)
}

/// A new authority, or the one that an earlier try left without a certificate of its own.
fn found(
    folder: &Folder,
    domain: liandong_core::identity::TrustDomain,
    years: u8,
    now: Timestamp,
) -> Result<Office, CertFailure> {
    let there = Office::at(folder)?;
    let unfinished = folder.own()?.is_none();
    match there.filter(|office| unfinished && *office.domain() == domain) {
        Some(office) => Ok(office),
        None => Ok(Office::found(folder, domain, years, now)?),
    }
}

/// Makes the root that takes the place of this one.
pub(super) fn replace_root(
    folder: &Folder,
    arguments: &ReplaceRootArguments,
    output: Output,
) -> Result<Verdict, Failure> {
    let now = Timestamp::now();
    let office = office(folder)?;
    let old = office.root().not_after();
    let office = office.replace_root(arguments.years, now);
    let office = office.map_err(CertFailure::from)?;
    // Whoever is invited from now on knows the new root alone, and has to find it at this node.
    if let Some(own) = folder.own().map_err(CertFailure::from)? {
        let key = Key::generate().map_err(CertFailure::from)?;
        let request = Request::of(&key).map_err(in_office)?;
        let package = office.renew(&own.chain.leaf, &request, now);
        let package = package.map_err(CertFailure::from)?;
        let identity = own.chain.leaf.identity();
        let installed = package.install(folder, key, identity, Introduction::Folder, now);
        installed.map_err(CertFailure::from)?;
    }
    let (root, domain, place) = (office.root(), office.domain(), folder.path().display());
    let fingerprint = root.fingerprint();
    let (ends, until) = (
        Cell::Moment(Some(old)),
        Cell::Moment(Some(root.not_after())),
    );
    let (old, new) = (
        ends.for_people(output.language),
        until.for_people(output.language),
    );
    let said = Said::new(
        format!(
            "{domain} 有了新根：指纹 {fingerprint}，有效至 {new}；旧根有效至 {old}，已为新根作保\n\
             即刻起由新根签发；只知旧根的节点照常相认，各节点和人员换发证书时自动收下新根\n\
             请：重新离线备份 {place}/authority；在旧根到期前让所有人换发过一次（节点自行换发，人员 liandong cert renew）；\n\
             把 {place}/roots/{domain}.pem 交给伙伴信任域（liandong cert trust --root {fingerprint}）和核验证明的人"
        ),
        format!(
            "{domain} has a new root: fingerprint {fingerprint}, valid until {new}; the old one, valid until {old}, vouches for it\n\
             From now on the new root issues. Nodes that know the old one alone go on as before; nodes and people take the new root up with their next certificate\n\
             Now: keep a copy of {place}/authority off line again; before the old root ends everybody has to have renewed once (nodes do by themselves, people: liandong cert renew);\n\
             hand {place}/roots/{domain}.pem to partners of other trust domains (liandong cert trust --root {fingerprint}) and to whoever checks proofs"
        ),
    );
    let said = said
        .fact("domain", Cell::text(domain.to_string()))
        .fact("root_fingerprint", Cell::text(fingerprint.to_string()))
        .fact("root_until", until)
        .fact("former_root_until", ends);
    output.said(&said)?;
    Ok(Verdict::Done)
}

/// Invites somebody.
pub(super) fn invite(
    folder: &Folder,
    arguments: InviteArguments,
    region: Option<RegionCode>,
    output: Output,
) -> Result<Verdict, Failure> {
    let InviteArguments {
        role,
        address,
        names,
        hours,
    } = arguments;
    let office = office(folder)?;
    let identity = named(office.domain(), region, role)?;
    let wanted = Wanted {
        identity: identity.clone(),
        names,
    };
    let days = wanted.days();
    let (hint_zh, hint_en) = hint_of_names(&wanted, "重新邀请", "invite again");
    let until = Timestamp::now() + SignedDuration::from_hours(hours.into());
    let invitation = office.invite(wanted, address, until);
    let invitation = invitation.map_err(CertFailure::from)?;
    let text = invitation.reveal();
    let ends = Cell::Moment(Some(until));
    let shown_until = ends.for_people(output.language);
    let command = format!("echo {text} | liandong cert issue -");
    let said = Said::new(
        format!(
            "邀请 {identity}，有效至 {shown_until}，只能用一次；证书有效 {days} 天。\n\
             请把下面这条命令经可靠途径交给对方，在其节点目录中运行（拿到它的人就能领走证书）：\n\n\
             {command}{hint_zh}\n"
        ),
        format!(
            "{identity} is invited until {shown_until}, for one certificate of {days} days.\n\
             Hand this command to the other side by a way you trust, to be run in its node's folder (whoever has it can get the certificate):\n\n\
             {command}{hint_en}\n"
        ),
    );
    let said = said
        .fact("identity", Cell::text(identity.to_string()))
        .fact("until", ends)
        .fact("invitation", Cell::text(text))
        .fact("command", Cell::text(command));
    output.said(&said)?;
    Ok(Verdict::Done)
}

/// What whoever certifies a node without a name would learn late: this program looks at the identity
/// alone, others at the host name. `again_zh` and `again_en` say what to do over.
fn hint_of_names(wanted: &Wanted, again_zh: &str, again_en: &str) -> (String, String) {
    if wanted.identity.role != Role::Node || !wanted.names.is_empty() {
        return (String::new(), String::new());
    }
    (
        format!(
            "\n\n提示：未写 --name，证书中没有主机名。liandong 不看主机名，其他 TLS 库的程序\
             （Python、Node、Prometheus 等）会因此拒绝连接该节点；如需要，请改用 --name 主机 {again_zh}。"
        ),
        format!(
            "\n\nHint: without --name the certificate holds no host name. liandong looks at none; \
             programs on other TLS libraries (Python, Node, Prometheus) refuse a node without it: \
             where such have to reach it, {again_en} with --name HOST."
        ),
    )
}

/// Issues for a request that came by hand.
pub(super) fn issue(
    folder: &Folder,
    arguments: IssueArguments,
    region: Option<RegionCode>,
    output: Output,
) -> Result<Verdict, Failure> {
    let office = office(folder)?;
    let role = arguments.role.ok_or_else(no_role)?;
    let identity = named(office.domain(), region, role)?;
    // Both are there: the command line asks for them together.
    let request = arguments.request.unwrap_or_default();
    let out: PathBuf = arguments.out.unwrap_or_default();
    let text = std::fs::read_to_string(&request).map_err(Failure::file(&request))?;
    let wanted = Wanted {
        identity: identity.clone(),
        names: arguments.names,
    };
    let days = arguments.days.unwrap_or_else(|| wanted.days());
    let (hint_zh, hint_en) = hint_of_names(&wanted, "重新签发", "issue again");
    let package = office.issue(&Request::from_text(text), wanted, days, Timestamp::now());
    let package = package.map_err(CertFailure::from)?;
    let leaf = &package.chain.leaf;
    std::fs::write(&out, package.to_pem()).map_err(Failure::file(&out))?;
    let (serial, ends) = (leaf.serial(), Cell::Moment(Some(leaf.not_after())));
    let (until, to) = (ends.for_people(output.language), out.display());
    let fingerprint = office.root().fingerprint();
    let said = Said::new(
        format!(
            "已签发 {identity}：编号 {serial}，有效至 {until}，写入 {to}\n\
             请把它交给申请方，并另行告知根证书指纹：\n\
             liandong cert install {to} --root {fingerprint}{hint_zh}"
        ),
        format!(
            "issued {identity}: serial {serial}, valid until {until}, written to {to}\n\
             Hand it to whoever asked, and tell the root's fingerprint by another way:\n\
             liandong cert install {to} --root {fingerprint}{hint_en}"
        ),
    );
    let said = said
        .fact("identity", Cell::text(identity.to_string()))
        .fact("serial", Cell::text(serial.to_string()))
        .fact("until", ends)
        .fact("root_fingerprint", Cell::text(fingerprint.to_string()))
        .fact("file", Cell::text(to.to_string()));
    output.said(&said)?;
    Ok(Verdict::Done)
}

/// Takes certificates back.
pub(super) fn revoke(folder: &Folder, which: &Which, output: Output) -> Result<Verdict, Failure> {
    let office = office(folder)?;
    let revoked = office.revoke(which, Timestamp::now());
    let TakenBack {
        serials,
        invitations,
    } = revoked.map_err(CertFailure::from)?;
    let serials: Vec<String> = serials.iter().map(ToString::to_string).collect();
    let list = folder.list(office.domain()).map_err(CertFailure::from)?;
    let number = list.as_deref().and_then(list_number).unwrap_or(0);
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    if !serials.is_empty() {
        let shown = serials.join(", ");
        zh.push(format!("已吊销 {shown}"));
        en.push(format!("revoked {shown}"));
    }
    if invitations > 0 {
        zh.push(format!("已撤回 {invitations} 份未用的邀请"));
        en.push(format!("withdrew open invitations: {invitations}"));
    }
    let (zh, en) = (zh.join("，"), en.join("; "));
    let said = Said::new(
        format!(
            "{zh}；第 {number} 号吊销列表已签发。\n\
             本机构的节点几秒内生效，其他节点几分钟内向它取得；连不上的节点请拷贝 revoked/{}.crl",
            office.domain()
        ),
        format!(
            "{en}; list number {number} is signed.\n\
             The authority's node goes by it within seconds, others fetch it within minutes; to nodes that are cut off, copy revoked/{}.crl",
            office.domain()
        ),
    );
    let said = said
        .fact("revoked", Cell::List(serials))
        .fact("invitations", Cell::Count(invitations as u64))
        .fact("list", Cell::Count(number));
    output.said(&said)?;
    Ok(Verdict::Done)
}

fn office(folder: &Folder) -> Result<Office, CertFailure> {
    let office = Office::at(folder)?;
    office.ok_or_else(|| CertFailure::NoAuthority {
        folder: folder.path().to_path_buf(),
    })
}

fn in_office(error: impl Into<liandong_identity::OfficeError>) -> CertFailure {
    CertFailure::Office(error.into())
}
