//! A strict reader of the page's markup: every element is closed in order, but for cells, which may end
//! where the next one begins or their row ends; every attribute is quoted.

/// An element's opening tag.
#[derive(Debug, Clone)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Tag {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A page, read.
pub struct Page {
    /// Every opening tag.
    pub tags: Vec<Tag>,
    /// What stands in `style` and `script` elements, with the element.
    pub raw: Vec<(Tag, String)>,
    /// The text outside of them, entities resolved, tags replaced by spaces.
    pub text: String,
}

const VOID: [&str; 5] = ["meta", "link", "input", "br", "hr"];

impl Page {
    /// Reads a page.
    ///
    /// # Panics
    /// Where it is not well-formed.
    pub fn read(html: &str) -> Self {
        let mut rest = html.strip_prefix("<!DOCTYPE html>").expect("a document type");
        let mut page = Page { tags: Vec::new(), raw: Vec::new(), text: String::new() };
        let mut open: Vec<String> = Vec::new();
        while let Some(at) = rest.find('<') {
            page.text += &resolve(&rest[..at]);
            page.text.push(' ');
            rest = &rest[at + 1..];
            if let Some(closing) = rest.strip_prefix('/') {
                let end = closing.find('>').expect("an end of a closing tag");
                end_cell(&mut open, closing.starts_with("tr>"));
                assert_eq!(open.pop().as_deref(), Some(&closing[..end]), "in {:.80}", rest);
                rest = &closing[end + 1..];
                continue;
            }
            let (tag, after) = opening(rest);
            rest = after;
            end_cell(&mut open, tag.name == "td" || tag.name == "th");
            if tag.name == "script" || tag.name == "style" {
                let end = rest.find(&format!("</{}", tag.name)).expect("an end of a raw element");
                page.raw.push((tag.clone(), rest[..end].to_owned()));
                rest = &rest[end..];
            }
            if !VOID.contains(&tag.name.as_str()) {
                open.push(tag.name.clone());
            }
            page.tags.push(tag);
        }
        page.text += &resolve(rest);
        assert_eq!(open, Vec::<String>::new(), "elements that are not closed");
        page
    }

    /// Tags of a name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tag> {
        self.tags.iter().filter(move |tag| tag.name == name)
    }
}

/// Ends the cell that is open, if what comes next is the next cell or the end of its row.
fn end_cell(open: &mut Vec<String>, is_next: bool) {
    if is_next && open.last().is_some_and(|last| last == "td" || last == "th") {
        open.pop();
    }
}

/// Reads a tag after its `<`.
fn opening(text: &str) -> (Tag, &str) {
    let end = text.find([' ', '>']).expect("an end of a name");
    let name = text[..end].to_owned();
    assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "a name of an element: {name:?}");
    let (mut rest, mut attributes) = (&text[end..], Vec::new());
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            return (Tag { name, attributes }, after);
        }
        let end = rest.find(['=', ' ', '>']).expect("an end of an attribute");
        let attribute = rest[..end].to_owned();
        assert!(!attribute.is_empty() && !attribute.contains(['"', '<']), "{attribute:?}");
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let end = quoted.find('"').expect("an end of a value");
            assert!(!quoted[..end].contains('<'), "a value with <: {}", &quoted[..end]);
            value = resolve(&quoted[..end]);
            rest = &quoted[end + 1..];
        }
        assert!(!attributes.iter().any(|(known, _)| *known == attribute), "{attribute} twice");
        attributes.push((attribute, value));
    }
}

fn resolve(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&amp;", "&")
}
