//! Proofs of figures as they travel: signed bytes, which nobody on the way reads.

use liandong_core::evidence::MAX_CERTIFICATES;
use liandong_core::proof::{Figure, SignedStatement};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use super::v1;
use crate::link::v1::ProveQuery;
use crate::read;

/// The most bytes of one statement; room for as many parts as one may have.
const LARGEST_CONTENT: usize = 8 << 20;
/// The largest certificate in bytes.
const LARGEST_CERTIFICATE: usize = 16 << 10;
/// A signature in DER on P-256 has 72 bytes at most.
const LARGEST_SIGNATURE: usize = 256;

/// A figure that is to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofQuestion {
    /// The figure.
    pub figure: Figure,
    /// Whether to go on without regions whose nodes cannot be reached.
    pub partial: bool,
}

/// A cell of which its region's node is to say what it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProveQuestion {
    /// The cell.
    pub figure: Figure,
    /// A region whose node leads there.
    pub towards: RegionCode,
}

impl TryFrom<v1::ProveRollupRequest> for ProofQuestion {
    type Error = Refusal;

    fn try_from(request: v1::ProveRollupRequest) -> Result<Self, Refusal> {
        let v1::ProveRollupRequest {
            region,
            indicator,
            period,
            partial,
        } = request;
        Ok(Self {
            figure: figure(&region, &indicator, &period)?,
            partial,
        })
    }
}

impl TryFrom<ProveQuery> for ProveQuestion {
    type Error = Refusal;

    fn try_from(query: ProveQuery) -> Result<Self, Refusal> {
        let ProveQuery {
            region,
            indicator,
            period,
            towards,
        } = query;
        Ok(Self {
            figure: figure(&region, &indicator, &period)?,
            towards: read::region("towards", &towards)?,
        })
    }
}

impl From<&ProveQuestion> for ProveQuery {
    fn from(question: &ProveQuestion) -> Self {
        Self {
            region: question.figure.region.to_string(),
            indicator: question.figure.indicator.to_string(),
            period: question.figure.period.to_string(),
            towards: question.towards.to_string(),
        }
    }
}

fn figure(region: &str, indicator: &str, period: &str) -> Result<Figure, Refusal> {
    Ok(Figure {
        region: read::region("region", region)?,
        indicator: read::indicator("indicator", indicator)?,
        period: read::period("period", period)?,
    })
}

impl From<SignedStatement> for v1::Statement {
    fn from(statement: SignedStatement) -> Self {
        let SignedStatement {
            content,
            certificates,
            at_micros,
            signature,
        } = statement;
        Self {
            content,
            certificates,
            at_micros,
            signature,
        }
    }
}

impl TryFrom<v1::Statement> for SignedStatement {
    type Error = Refusal;

    fn try_from(statement: v1::Statement) -> Result<Self, Refusal> {
        let v1::Statement {
            content,
            certificates,
            at_micros,
            signature,
        } = statement;
        bounded("statement.content", content.len(), LARGEST_CONTENT)?;
        let count = certificates.len();
        bounded("statement.certificates", count, MAX_CERTIFICATES)?;
        for certificate in &certificates {
            let bytes = certificate.len();
            bounded("statement.certificates", bytes, LARGEST_CERTIFICATE)?;
        }
        bounded("statement.signature", signature.len(), LARGEST_SIGNATURE)?;
        Ok(Self {
            content,
            certificates,
            at_micros,
            signature,
        })
    }
}

fn bounded(field: &str, found: usize, most: usize) -> Result<(), Refusal> {
    if (1..=most).contains(&found) {
        return Ok(());
    }
    let accepted = Accepted::Form(format!("1..={most}"));
    Err(Refusal::new(Reason::Malformed, field, found, accepted))
}

#[cfg(test)]
mod tests {
    use liandong_core::proof::SignedStatement;

    use super::{ProveQuestion, v1};
    use crate::link::v1::ProveQuery;

    fn statement() -> SignedStatement {
        SignedStatement {
            content: b"said".to_vec(),
            certificates: vec![vec![1], vec![2]],
            at_micros: 7,
            signature: vec![3; 71],
        }
    }

    #[test]
    fn a_statement_comes_as_it_went() {
        let sent = v1::Statement::from(statement());
        let read = SignedStatement::try_from(sent).expect("it is read");
        assert_eq!(read, statement());
    }

    #[test]
    fn what_no_node_says_is_refused_by_its_field() {
        let refused = |field: &str, spoil: &dyn Fn(&mut v1::Statement)| {
            let mut sent = v1::Statement::from(statement());
            spoil(&mut sent);
            let refusal = SignedStatement::try_from(sent).expect_err(field);
            assert_eq!(refusal.field, field);
        };
        refused("statement.content", &|said| said.content.clear());
        refused("statement.certificates", &|said| said.certificates.clear());
        refused("statement.certificates", &|said| {
            said.certificates[1] = vec![0; 1 << 20];
        });
        refused("statement.certificates", &|said| {
            said.certificates = vec![vec![1]; 5];
        });
        refused("statement.signature", &|said| said.signature = vec![0; 257]);
    }

    #[test]
    fn a_question_comes_as_it_went() {
        let query = ProveQuery {
            region: "371524001".to_owned(),
            indicator: "compulsory-dropouts".to_owned(),
            period: "2025-03".to_owned(),
            towards: "371524".to_owned(),
        };
        let question = ProveQuestion::try_from(query.clone()).expect("it is read");
        assert_eq!(ProveQuery::from(&question), query);
    }
}
