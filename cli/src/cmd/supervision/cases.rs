//! Cases as people and programs read them.

use crate::{
    context::Context,
    output::{moment, pairs, Table},
};
use anyhow::Result;
use loadstone_core::CaseId;
use loadstone_evidence::keys;
use loadstone_market::supervision::{Case, Outcomes, Step, Subject, SupervisionRules};
use serde_json::{json, Value};

/// Shows all cases in order of their numbers.
pub async fn list(context: &Context, open: bool) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let found = state.keys(&keys::cases()).await?;
    let mut cases: Vec<Case> = state.get_all(&found).await?.into_iter().flatten().collect();
    cases.retain(|case| !open || case.phase().is_open());
    cases.sort_by_key(|case| case.id);
    let mut table = Table::new(&["case", "phase", "suspicion", "subject", "event", "flagged", "evidence"]);
    for case in &cases {
        table.row([
            case.id.to_string(),
            word(&json!(case.phase())),
            word(&json!(case.evidence.suspicion())),
            subject(&case.subject),
            case.event.map_or_else(|| "none".into(), |event| event.to_string()),
            case.steps.first().map_or_else(String::new, |step| moment(step.at)),
            evidence(case),
        ]);
    }
    let values: Vec<Value> = cases.iter().map(shown).collect();
    context.output().print(&json!(values), || table.render())
}

/// Shows one case with its steps, and how others about its subject ended.
pub async fn show(context: &Context, number: u32) -> Result<()> {
    let chain = context.connect().await?;
    let state = chain.finalised().await?;
    let case: Case = state.require(keys::case(CaseId(number)), &format!("case {number}")).await?;
    let outcomes: Outcomes = state.get(keys::outcomes(&case.subject)).await?.unwrap_or_default();
    let rules: SupervisionRules = state.get(keys::supervision_rules()).await?.unwrap_or_default();
    let until = case.appeal_until(&rules);
    let mut value = shown(&case);
    value["outcomes_of_subject"] = json!(outcomes);
    value["appeal_until_ms"] = json!(until);
    context.output().print(&value, || {
        let head = pairs([
            ("case", case.id.to_string()),
            ("suspicion", word(&json!(case.evidence.suspicion()))),
            ("subject", subject(&case.subject)),
            ("answers for it", case.account.to_string()),
            ("event", case.event.map_or_else(|| "none".into(), |event| event.to_string())),
            ("evidence", evidence(&case)),
            ("may appeal until", moment(until)),
            ("other cases", format!("{} upheld, {} cleared", outcomes.upheld, outcomes.cleared)),
        ]);
        format!("{head}\n\n{}", steps(&case))
    })
}

fn steps(case: &Case) -> String {
    let mut table = Table::new(&["phase", "at", "by", "reason"]);
    for Step { phase, by, at, reason } in &case.steps {
        let by = by.as_ref().map_or_else(|| "the chain".into(), ToString::to_string);
        table.row([word(&json!(phase)), moment(*at), by, String::from_utf8_lossy(reason).into_owned()]);
    }
    table.render()
}

/// A case for programs: its phase and suspicion by name, reasons as text.
fn shown(case: &Case) -> Value {
    let mut value = json!(case);
    value["phase"] = json!(case.phase());
    value["suspicion"] = json!(case.evidence.suspicion());
    if let Some(steps) = value["steps"].as_array_mut() {
        for (shown, step) in steps.iter_mut().zip(&case.steps) {
            shown["reason"] = json!(String::from_utf8_lossy(&step.reason));
        }
    }
    value
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('_', " ")
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Organisation(id) => format!("organisation {id}"),
        Subject::Participant(account) => format!("participant {account}"),
        Subject::Resource(id) => format!("resource {id}"),
    }
}

/// The numbers of the evidence in a line.
fn evidence(case: &Case) -> String {
    let value = json!(case.evidence);
    let fields = value.as_object().into_iter().flatten().filter_map(|(_, fields)| fields.as_object()).flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    fields.map(|(name, value)| format!("{} {}", name.replace('_', " "), text(value))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadstone_core::{AccountId, BoundedVec, EventId, Millis, OrganisationId, Watts};
    use loadstone_market::supervision::{CasePhase, Evidence, Reason};

    #[test]
    fn a_case_reads_like_its_numbers() {
        // GIVEN a case that was flagged and appealed
        let account = AccountId::new([7; 32]);
        let step = |phase, by, text: &str| Step {
            phase,
            by,
            at: Millis(5),
            reason: Reason::truncate_from(text.as_bytes().to_vec()),
        };
        let steps = vec![
            step(CasePhase::Flagged, None, ""),
            step(CasePhase::Appealed, Some(account.clone()), "a storm, as everybody knows"),
        ];
        let case = Case {
            id: CaseId(3),
            subject: Subject::Organisation(OrganisationId(4)),
            account,
            event: Some(EventId(9)),
            evidence: Evidence::Withholding { usual: Watts(900), elsewhere: Watts(0), offered: Watts(449) },
            steps: BoundedVec::truncate_from(steps),
        };
        // THEN people and programs read its numbers and reasons
        assert_eq!(evidence(&case), "elsewhere 0, offered 449, usual 900");
        assert_eq!(subject(&case.subject), "organisation 4");
        assert!(super::steps(&case).contains("a storm, as everybody knows"));
        let value = shown(&case);
        assert_eq!((&value["phase"], &value["suspicion"]), (&json!("appealed"), &json!("withholding")));
        assert_eq!(value["evidence"]["withholding"]["offered"], 449);
        assert_eq!(value["steps"][1]["reason"], "a storm, as everybody knows");
    }
}
