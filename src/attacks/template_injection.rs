//! Texts that do something in whatever shows them: a page, a template, a log, a terminal.

use super::*;

/// Names and metadata for somebody else's interpreter.
pub const ATTACK: Attack = Attack {
    id: "template-injection",
    title: "metadata that templates and terminals would run",
    summary: "The metadata of the model has a script, template expressions, a look-up of Log4j and terminal escapes \
              in it. They are text; only a program that shows them unescaped makes them more.",
    severity: Severity::High,
    targets: Targets::Formats(&["json", "json-elements", "safetensors"]),
    techniques: &[techniques::ML_SUPPLY_CHAIN_COMPROMISE_MODEL],
    cwe: &[1336, 79, 117, 150],
    references: &[
        Reference {
            title: "CVE-2024-34359",
            url: "https://nvd.nist.gov/vuln/detail/CVE-2024-34359",
        },
        Reference {
            title: "CVE-2021-44228",
            url: "https://nvd.nist.gov/vuln/detail/CVE-2021-44228",
        },
    ],
    build,
    expected: Expected::Inert,
    quick: false,
};

const TEXTS: &[(&str, &str)] = &[
    ("author", "<script>document.title = 'fallen'</script>"),
    ("license", "\"><img src=x onerror=\"document.title = 'fallen'\">"),
    ("chat_template", "{{7*7}}{% import os %}{{ ''.__class__.__mro__[1].__subclasses__() }}"),
    ("log", "${jndi:ldap://127.0.0.1/fallen}"),
    ("note", "\u{1b}]0;fallen\u{7}\u{1b}[2J\u{1b}[31mfallen\u{1b}[0m\r\n\u{202e}nellaf"),
    ("sheet", "=cmd|' /C calc'!A0"),
    ("format", "%n%n%s%s {0.__class__} `true` $(true)"),
];

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let texts: serde_json::Map<String, serde_json::Value> =
        TEXTS.iter().map(|(key, text)| ((*key).to_owned(), (*text).into())).collect();
    let texts = serde_json::Value::Object(texts).to_string();
    if target.id() == "safetensors" {
        let tensor = r#"{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]}"#;
        let header =
            format!(r#"{{"__metadata__":{texts},"<b onclick=fallen()>{{{{7*7}}}}</b>":{tensor}}}"#);
        return Ok(data_file::safetensors(&header, &data_file::coef()));
    }
    let metadata = format!(r#""metadata":{texts}"#);
    data_file::replaced(&scene.valid, br#""metadata":{}"#, metadata.as_bytes())
        .ok_or_else(|| data_file::unlike(ATTACK.id, target))
}
