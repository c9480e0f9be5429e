//! Answers of EC2's query protocol, as XML: lists have members called `item`, and errors have a shape of their own.

use std::io;

use quick_xml::{Writer, events::BytesText};

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Text.
    Text(String),
    /// Named children, in order. The members of a list are called `item`.
    Fields(Vec<(&'static str, Node)>),
}

impl Node {
    /// Text of anything that prints.
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Node>) -> Self {
        Self::Fields(items.into_iter().map(|item| ("item", item)).collect())
    }

    /// The first child of that name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.children()
            .iter()
            .find_map(|(field, node)| (*field == name).then_some(node))
    }

    /// The text of what lies at the end of these names.
    pub fn at(&self, path: &[&str]) -> Option<&str> {
        let end = path.iter().try_fold(self, |node, name| node.get(name))?;
        end.as_text()
    }

    /// The members of the list of that name.
    pub fn items(&self, list: &str) -> Vec<&Node> {
        let list = self.get(list).map_or(&[][..], Node::children);
        list.iter().map(|(_, node)| node).collect()
    }

    fn children(&self) -> &[(&'static str, Node)] {
        match self {
            Self::Text(_) => &[],
            Self::Fields(fields) => fields,
        }
    }

    /// The text, or nothing for fields.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Fields(_) => None,
        }
    }

    fn write(&self, name: &str, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let element = writer.create_element(name);
        match self {
            Self::Text(text) => {
                element.write_text_content(BytesText::new(text))?;
            }
            Self::Fields(fields) => {
                element.write_inner_content(|inner| {
                    fields
                        .iter()
                        .try_for_each(|(name, node)| node.write(name, inner))
                })?;
            }
        }
        Ok(())
    }
}

/// Collects the fields of a structure. What is absent is left out.
#[derive(Debug, Default)]
pub struct Fields(Vec<(&'static str, Node)>);

impl Fields {
    /// One more field, of anything that prints.
    #[must_use]
    pub fn text(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.push((name, Node::text(value)));
        self
    }

    /// One more, where there is a value.
    #[must_use]
    pub fn optional(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// One more that has fields of its own.
    #[must_use]
    pub fn node(mut self, name: &'static str, node: Node) -> Self {
        self.0.push((name, node));
        self
    }

    /// One more that has fields of its own, where there is one.
    #[must_use]
    pub fn some(self, name: &'static str, node: Option<Node>) -> Self {
        match node {
            Some(node) => self.node(name, node),
            None => self,
        }
    }

    /// One more that has a single field, `value`.
    #[must_use]
    pub fn value(self, name: &'static str, value: impl ToString) -> Self {
        self.node(name, Node::Fields(vec![("value", Node::text(value))]))
    }

    /// The structure.
    #[must_use]
    pub fn done(self) -> Node {
        Node::Fields(self.0)
    }
}

/// The body of a successful answer.
///
/// # Errors
/// Where the XML cannot be written.
pub fn success(action: &str, result: &Node, request_id: &str) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    writer
        .create_element(format!("{action}Response"))
        .with_attribute(("xmlns", NAMESPACE))
        .write_inner_content(|inner| {
            Node::text(request_id).write("requestId", inner)?;
            result
                .children()
                .iter()
                .try_for_each(|(name, node)| node.write(name, inner))
        })?;
    Ok(writer.into_inner())
}

/// The body of a refusal with EC2's code and its words.
///
/// # Errors
/// Where the XML cannot be written.
pub fn refusal(code: &str, message: &str, request_id: &str) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    let error = Fields::default()
        .text("Code", code)
        .text("Message", message)
        .done();
    let errors = Fields::default().node("Error", error).done();
    let response = Fields::default()
        .node("Errors", errors)
        .text("RequestID", request_id)
        .done();
    response.write("Response", &mut writer)?;
    Ok(writer.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_lists_are_items_and_text_is_escaped() {
        let result = Fields::default()
            .node("volumeSet", Node::list([Node::text("a < b")]))
            .value("disableApiStop", true)
            .done();
        let body = String::from_utf8(success("DescribeVolumes", &result, "id-1").unwrap()).unwrap();
        assert_eq!(
            body,
            "<DescribeVolumesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>id-1</requestId>\
             <volumeSet><item>a &lt; b</item></volumeSet><disableApiStop><value>true</value></disableApiStop>\
             </DescribeVolumesResponse>"
        );
    }

    #[test]
    fn an_error_is_a_response_with_errors() {
        let body = String::from_utf8(refusal("VolumeInUse", "a & b", "id-1").unwrap()).unwrap();
        assert_eq!(
            body,
            "<Response><Errors><Error><Code>VolumeInUse</Code><Message>a &amp; b</Message></Error></Errors>\
             <RequestID>id-1</RequestID></Response>"
        );
    }
}
