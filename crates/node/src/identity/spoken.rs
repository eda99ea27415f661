//! Why there is no identity to use, told to people in both languages.

use liandong_core::language::Language;

use super::IdentityError;

impl IdentityError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::Folder(error) => return error.message(language),
            Self::None { path } => format!(
                "{} 中没有证书：请凭机构的邀请运行 liandong cert issue；还没有机构的，用 liandong cert init 建立",
                path.display()
            ),
            Self::NotTheNodes { path, found, meant } => format!(
                "{} 中的证书属于 {found}；本节点需要区域 {meant}、角色 node 的证书",
                path.display()
            ),
            Self::NotTrusted(refused) => {
                format!("本节点自己的证书：{}", refused.message(language))
            }
            Self::Tls(error) => format!("无法建立 TLS：{}", error.why),
        };
        language.pick(chinese, self.to_string())
    }
}
