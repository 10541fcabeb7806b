/// Text of HTML or SVG, made of elements. What goes in by `text` and as attributes is escaped.
package struct Markup {
    package private(set) var source = ""

    package init() {}

    /// Markup that is known to be right.
    package init(source: String) {
        self.source = source
    }

    package mutating func add(_ other: Markup) {
        source += other.source
    }

    package mutating func text(_ text: String) {
        source += Self.escaped(text)
    }

    /// An element without content, or with what the closure adds.
    package mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:],
        _ content: ((inout Markup) -> Void)? = nil
    ) {
        source += "<\(name)"
        for (key, value) in attributes { source += " \(key)=\"\(Self.escaped(value))\"" }
        guard let content else {
            source += "/>"
            return
        }
        source += ">"
        content(&self)
        source += "</\(name)>"
    }

    package mutating func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String
    ) {
        element(name, attributes) { $0.text(text) }
    }

    package mutating func newline() {
        source += "\n"
    }

    package static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            // XML has no way to write the other control characters.
            case "\t", "\n", "\r": result.unicodeScalars.append(character)
            case "\u{0}"..<" ", "\u{7f}": result += "\u{fffd}"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
