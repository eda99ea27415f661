//! When and how a failed call is made again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use liandong_core::refusal::Reason;

use crate::error::ClientError;

/// How calls that failed for a passing reason are tried again: pauses double from the first to the
/// longest, each with jitter, so that a thousand clients do not come back in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a call is made again; 0 for never.
    pub attempts: usize,
    /// The first pause.
    pub first_pause: Duration,
    /// The longest pause, before jitter.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
        }
    }
}

impl RetryPolicy {
    /// No second attempt.
    pub const NEVER: Self = Self {
        attempts: 0,
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(1),
    };

    /// For work that may wait for a node to come back: about two minutes.
    pub const PATIENT: Self = Self {
        attempts: 12,
        first_pause: Duration::from_millis(200),
        longest_pause: Duration::from_secs(15),
    };

    pub(crate) fn pauses(self) -> ExponentialBackoff {
        ExponentialBuilder::new()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.longest_pause)
            .with_max_times(self.attempts)
            .with_jitter()
            .build()
    }
}

/// Whether making a call twice does the same as making it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It does: reading, and pushing reports, whose ids name them.
    Harmless,
    /// It does not: the second time would be refused, or be a second step.
    OnlyIfNotDone,
}

/// The longest that a call waits because a node said when to come again.
const LONGEST_TOLD: Duration = Duration::from_secs(60);

/// Whether the call may be made again after that failure.
pub(crate) fn may_retry(error: &ClientError, repeat: Repeat) -> bool {
    match error {
        // A refusal says that nothing was done. A full disk and a partner that is offline do not
        // mend within seconds, nor is tomorrow soon; a person decides.
        ClientError::Refused(refusal) => match refusal.retry_after {
            Some(wait) => wait <= LONGEST_TOLD,
            None => matches!(refusal.reason, Some(Reason::Overloaded | Reason::Stopping)),
        },
        ClientError::Unreachable { .. } | ClientError::TimedOut { .. } => {
            repeat == Repeat::Harmless
        }
        // Who is believed changes by what people do.
        ClientError::NoHandshake { .. }
        | ClientError::Credentials(_)
        | ClientError::Scheme { .. }
        | ClientError::PlainText { .. }
        | ClientError::NobodyShown { .. } => false,
        ClientError::Failed { code, .. } => {
            // A limiter before the services answers without details and without having done it.
            *code == tonic::Code::ResourceExhausted
        }
    }
}

/// How long to wait before the call is made again: at least as long as the node said. The own pause
/// is added, so that those who were told the same do not come back together.
pub(crate) fn wait(error: &ClientError, pause: Duration) -> Duration {
    let told = error.refusal().and_then(|refusal| refusal.retry_after);
    told.unwrap_or_default() + pause
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use liandong_core::language::Language;
    use liandong_core::refusal::{Accepted, Reason, Refusal};
    use liandong_wire::refusal::status;
    use tonic::Status;

    use super::{Repeat, RetryPolicy, may_retry, wait};
    use crate::error::ClientError;

    fn error(status: &Status) -> ClientError {
        ClientError::from_status(status, "http://node:7410", Duration::from_secs(1))
    }

    fn refused(reason: Reason) -> ClientError {
        let refusal = Refusal::new(reason, "", "", Accepted::Nothing);
        error(&status(&refusal, Language::En))
    }

    #[test]
    fn what_passes_is_tried_again() {
        for failure in [
            error(&Status::unavailable("connection refused")),
            error(&Status::deadline_exceeded("late")),
            error(&Status::resource_exhausted("busy")),
            refused(Reason::Overloaded),
            refused(Reason::Stopping),
        ] {
            assert!(may_retry(&failure, Repeat::Harmless), "{failure}");
        }
    }

    #[test]
    fn what_does_not_pass_is_not() {
        for failure in [
            refused(Reason::UnknownPlan),
            refused(Reason::NoSpace),
            refused(Reason::Unreachable),
            error(&Status::unimplemented("no such call")),
        ] {
            assert!(!may_retry(&failure, Repeat::Harmless), "{failure}");
        }
    }

    #[test]
    fn a_step_that_may_have_been_taken_is_not_taken_twice() {
        let broken = error(&Status::unavailable("connection reset"));
        assert!(!may_retry(&broken, Repeat::OnlyIfNotDone));
        assert!(may_retry(
            &refused(Reason::Overloaded),
            Repeat::OnlyIfNotDone
        ));
    }

    #[test]
    fn who_is_told_when_to_come_again_waits_for_it() {
        let pause = Duration::from_millis(200);
        let limited = |seconds| {
            let later = Accepted::Later(Duration::from_secs(seconds));
            let refusal = Refusal::new(Reason::LimitReached, "requests_per_second", 5, later);
            error(&status(&refusal, Language::En))
        };
        assert!(may_retry(&limited(3), Repeat::OnlyIfNotDone));
        assert_eq!(wait(&limited(3), pause), Duration::from_millis(3_200));
        assert!(!may_retry(&limited(5 * 3_600), Repeat::Harmless));
        let too_large = refused(Reason::LimitReached);
        assert!(!may_retry(&too_large, Repeat::Harmless));
        assert_eq!(wait(&refused(Reason::Overloaded), pause), pause);
    }

    #[test]
    fn pauses_grow_to_the_longest_and_end() {
        let policy = RetryPolicy {
            attempts: 6,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_millis(800),
        };
        let pauses: Vec<Duration> = policy.pauses().collect();
        assert_eq!(pauses.len(), 6);
        assert!(pauses[0] >= Duration::from_millis(100));
        // Jitter adds at most the pause itself.
        assert!(
            pauses
                .iter()
                .all(|pause| *pause <= Duration::from_millis(1_600))
        );
        assert_eq!(RetryPolicy::NEVER.pauses().count(), 0);
    }
}
