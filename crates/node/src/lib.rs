//! One node: config, commit loop, services, links, telemetry.
