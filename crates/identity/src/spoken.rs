//! What can be wrong with a folder or at an office, told to people in both languages.

use liandong_core::language::Language;

use crate::authority::AuthorityError;
use crate::certificate::CertificateError;
use crate::files::FileError;
use crate::folder::FolderError;
use crate::office::OfficeError;
use crate::package::PackageError;
use crate::regions::NoRegionPattern;
use crate::register::{NotInvited, RegisterError};
use crate::request::RequestError;
use crate::trust::TrustError;

impl FileError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let (path, source) = (self.path.display(), &self.source);
        let what = match self.what {
            "read" => "读取",
            "list" => "列出",
            "make" => "创建",
            "write" => "写入",
            "rename" => "改名",
            "remove" => "删除",
            "sync" => "落盘",
            "lock" => "锁定",
            "cut" => "截断",
            "look at" => "查看",
            _ => "打开",
        };
        language.pick(format!("无法{what} {path}：{source}"), self.to_string())
    }
}

impl FolderError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::File(error) => return error.message(language),
            Self::Exposed { path } => format!(
                "{} 可被他人读取：请 chmod 600；如可能已被读过，请重新申请证书",
                path.display()
            ),
            Self::Key { path, .. } => format!(
                "{} 不是私钥：应为 P-256 的 ECDSA 私钥（PEM，PKCS #8）",
                path.display()
            ),
            Self::Certificate { path, cause } => {
                format!("{}：{}", path.display(), cause.message(language))
            }
            Self::NotTogether { key, certificate } => format!(
                "{} 不是 {} 的私钥：两者须成对，请恢复原文件，或凭新的邀请重新申请",
                key.display(),
                certificate.display()
            ),
            Self::Trust { path, cause } => {
                format!("{}：{}", path.display(), cause.message(language))
            }
            Self::Regions { path, cause } => {
                format!("{}：{}", path.display(), cause.message(language))
            }
            Self::Stray { path } => {
                format!("{} 须以信任域命名：信任域.pem", path.display())
            }
            Self::NotARoot { path, serial } => {
                format!("{}：证书 {serial} 不是信任域的根", path.display())
            }
            Self::StrayList { path } => format!(
                "{} 不是同处的根签发的吊销列表，或是同一信任域的第二份",
                path.display()
            ),
            Self::Authority { path, cause } => {
                format!("{}：{}", path.display(), cause.message(language))
            }
        };
        language.pick(chinese, self.to_string())
    }
}

impl NoRegionPattern {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let text = &self.text;
        let chinese = format!("“{text}”不是区域：填区域代码如 500243，或代码开头加星号如 50*");
        language.pick(chinese, self.to_string())
    }
}

impl CertificateError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::None => "没有证书：应为以 -----BEGIN CERTIFICATE----- 开头的 PEM".to_owned(),
            Self::Unreadable { number } => format!("第 {number} 个证书无法识别"),
            Self::Name(_) => "证书中的 URI 不是身份".to_owned(),
            Self::SeveralNames => "证书写了不止一个身份".to_owned(),
            Self::Times => "证书的有效期无法识别".to_owned(),
        };
        language.pick(chinese, self.to_string())
    }
}

impl TrustError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::Roots { domain, cause } => {
                format!("{domain} 的根证书：{}", cause.message(language))
            }
            Self::NotARoot { domain, serial } => {
                format!("{domain} 的根证书中的 {serial} 不是该信任域的根")
            }
            Self::List { domain } => format!("吊销列表不是 {domain} 的根签发的"),
            Self::Twice { domain } => format!("信任域 {domain} 写了两次"),
        };
        language.pick(chinese, self.to_string())
    }
}

impl AuthorityError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::Root(cause) => format!("根证书：{}", cause.message(language)),
            Self::AnotherKey => "私钥与根证书不成对".to_owned(),
            Self::NotARoot => "该证书不是根证书，不能签发其他证书".to_owned(),
            Self::Request(error) => return error.message(language),
            Self::ForeignDomain { identity, domain } => {
                format!("{identity} 不属于信任域 {domain}")
            }
            Self::Name { name } => {
                format!("“{name}”既不是主机名也不是地址：填主机名或 IP，不带端口")
            }
            Self::Times {
                from,
                until,
                root_ends,
            } => format!("证书不能从 {from} 有效到 {until}；根证书到 {root_ends} 为止"),
            Self::NotMade { why } => format!("证书无法生成：{why}"),
        };
        language.pick(chinese, self.to_string())
    }
}

impl RequestError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::NotMade => "证书申请无法签名",
            Self::Unreadable => {
                "不是证书申请：应为用自己的私钥签名的 PKCS #10（PEM），见 cert request"
            }
        };
        language.pick(chinese.to_owned(), self.to_string())
    }
}

impl RegisterError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::File(error) => return error.message(language),
            Self::Line { path, line, why } => {
                format!("{} 第 {line} 行不是登记内容：{why}", path.display())
            }
            Self::NoCertificate { serial } => {
                format!("这里没有签发过证书 {serial}：用 cert show 查看")
            }
            Self::Revoked { serial, at } => format!("证书 {serial} 已于 {at} 吊销"),
            Self::NotInvited(NotInvited::Unknown) => "没有这份邀请".to_owned(),
            Self::NotInvited(NotInvited::Used) => "邀请已用过：请另要一份".to_owned(),
            Self::NotInvited(NotInvited::UsedByAnother) => {
                "邀请已用另一密钥领过证书：请另要一份".to_owned()
            }
            Self::NotInvited(NotInvited::Withdrawn) => "邀请已撤回：请另要一份".to_owned(),
            Self::NotInvited(NotInvited::Expired) => "邀请已过期：请另要一份".to_owned(),
        };
        language.pick(chinese, self.to_string())
    }
}

impl OfficeError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::Folder(error) => return error.message(language),
            Self::Register(error) => return error.message(language),
            Self::Authority(error) => return error.message(language),
            Self::Request(error) => return error.message(language),
            Self::NoRandomBytes(_) => "系统没有给出随机数".to_owned(),
            Self::Taken { folder, domain } => {
                format!("{folder} 已是信任域 {domain} 的机构：请另指定目录")
            }
            Self::NotIssuedHere { serial } => format!("证书 {serial} 不是这里签发的"),
            Self::Revoked { serial } => format!("证书 {serial} 已被吊销，不能换发"),
            Self::Replacing { until } => {
                format!("已换过根，前一个根有效至 {until}：到期后才能再换")
            }
            Self::NothingToRevoke { identity } => {
                format!("{identity} 没有有效的证书，也没有待用的邀请")
            }
        };
        language.pick(chinese, self.to_string())
    }
}

impl PackageError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::Certificate(error) => return error.message(language),
            Self::Refused(error) => return error.message(language),
            Self::Trust(error) => return error.message(language),
            Self::Folder(error) => return error.message(language),
            Self::TooLong => "文件过长".to_owned(),
            Self::NoRoot => "文件中没有根证书：请安装 cert issue --out 写出的整个文件".to_owned(),
            Self::AnotherRoot { expected } => format!("没有指纹为 {expected} 的根证书"),
            Self::AnotherKey => "证书不是发给这里的私钥的".to_owned(),
            Self::AnotherIdentity { found, expected } => {
                format!("申请的是 {expected}，证书却是 {found} 的")
            }
            Self::Occupied { folder, found } => {
                format!("{folder} 存有 {found} 的证书：请用 --identity 另指定目录")
            }
        };
        language.pick(chinese, self.to_string())
    }
}
