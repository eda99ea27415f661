//! The thirty nodes: two provinces with real region codes, and one pairing between them.

/// One region that runs a node.
#[derive(Debug)]
pub(crate) struct Place {
    /// Its code.
    pub(crate) code: &'static str,
    /// The code of the node above; empty at the top.
    pub(crate) parent: &'static str,
    /// Its schools, which report; a county without any reports for itself.
    pub(crate) schools: &'static [&'static str],
}

const fn place(code: &'static str, parent: &'static str) -> Place {
    Place {
        code,
        parent,
        schools: &[],
    }
}

const fn county(
    code: &'static str,
    parent: &'static str,
    schools: &'static [&'static str],
) -> Place {
    Place {
        code,
        parent,
        schools,
    }
}

/// The donor of the pairing, which dials its partner.
pub(crate) const DONOR: &str = "371500";
/// The recipient of the pairing.
pub(crate) const RECIPIENT: &str = "500243";

/// Every node, those above before those below.
pub(crate) const PLACES: [Place; 30] = [
    place("370000", ""),
    place("500000", ""),
    place("370100", "370000"),
    place("371400", "370000"),
    place("371500", "370000"),
    county("370102", "370100", &["370102-A", "370102-B"]),
    place("370103", "370100"),
    place("370104", "370100"),
    place("370105", "370100"),
    place("370112", "370100"),
    county("371402", "371400", &["371402-A"]),
    place("371403", "371400"),
    place("371422", "371400"),
    place("371423", "371400"),
    county("371502", "371500", &["371502-A", "371502-B"]),
    place("371503", "371500"),
    place("371521", "371500"),
    place("371522", "371500"),
    county("371524", "371500", &["371524-A", "371524-B", "371524-C"]),
    place("371525", "371500"),
    place("371526", "371500"),
    place("371581", "371500"),
    place("500101", "500000"),
    place("500102", "500000"),
    place("500103", "500000"),
    place("500104", "500000"),
    place("500106", "500000"),
    place("500107", "500000"),
    place("500108", "500000"),
    county("500243", "500000", &["500243-A", "500243-B", "500243-C"]),
];

/// What is reported: every school reports the first two, every county the last.
pub(crate) const DROPOUTS: &str = "compulsory-dropouts";
/// A share, with a part below the line.
pub(crate) const CARE_ROOMS: &str = "left-behind-care-room";
/// Money.
pub(crate) const FUNDS: &str = "cooperation-project-funds";

/// Every indicator that is reported.
pub(crate) const INDICATORS: [&str; 3] = [DROPOUTS, CARE_ROOMS, FUNDS];

/// Every period that is reported for.
pub(crate) const PERIODS: [&str; 2] = ["2025-02", "2025-03"];

/// The port of every node.
pub(crate) const PORT: u16 = 7_700;

impl Place {
    /// Whether it is a county: where reports come in.
    pub(crate) fn is_county(&self) -> bool {
        !self.code.ends_with("00")
    }

    /// Its name on the simulated network.
    pub(crate) fn host(&self) -> String {
        host(self.code)
    }

    /// The name of the host from which its clients call.
    pub(crate) fn clients(&self) -> &'static str {
        if self.code.starts_with("37") {
            EAST
        } else {
            WEST
        }
    }

    /// The nodes directly below.
    pub(crate) fn children(&self) -> impl Iterator<Item = &'static Self> {
        let code = self.code;
        PLACES.iter().filter(move |below| below.parent == code)
    }
}

/// Where Shandong's clients are.
pub(crate) const EAST: &str = "east";
/// Where Chongqing's clients are.
pub(crate) const WEST: &str = "west";
/// Where it is watched and checked from; no fault touches it.
pub(crate) const WATCH: &str = "watch";

/// The name of a node's host.
pub(crate) fn host(code: &str) -> String {
    format!("n{code}")
}

/// The place of a code in the list.
pub(crate) fn find(code: &str) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.code == code)
}

/// Whether `region`, a node's or a school's, stands at or below `above`.
pub(crate) fn is_within(region: &str, above: &str) -> bool {
    let mut next = county_of(region);
    loop {
        if next == above || region == above {
            return true;
        }
        match find(next) {
            Some(place) if !place.parent.is_empty() => next = place.parent,
            _ => return false,
        }
    }
}

/// The node that takes a region's reports.
pub(crate) fn county_of(region: &str) -> &str {
    region.split_once('-').map_or(region, |(county, _)| county)
}

/// Two nodes that are linked, the one that dials first.
pub(crate) fn links() -> Vec<(&'static str, &'static str)> {
    let mut links: Vec<(&str, &str)> = PLACES
        .iter()
        .filter(|place| !place.parent.is_empty())
        .map(|place| (place.code, place.parent))
        .collect();
    links.push((DONOR, RECIPIENT));
    links
}

#[cfg(test)]
mod tests {
    use super::{PLACES, county_of, find, is_within};
    use crate::clients;
    use crate::schedule::CLIENTS;

    #[test]
    fn there_are_thirty_nodes_in_two_trees() {
        assert_eq!(PLACES.len(), 30);
        for place in &PLACES {
            assert!(place.parent.is_empty() || find(place.parent).is_some());
        }
        assert!(is_within("371524-A", "370000") && is_within("371524", "371500"));
        assert!(!is_within("371524", "500000") && !is_within("371500", "371524"));
        assert_eq!(county_of("371524-A"), "371524");
    }

    #[test]
    fn every_client_has_its_place_in_a_schedule() {
        assert_eq!(clients::all().len(), CLIENTS);
    }
}
