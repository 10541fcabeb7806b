import UVLoop

/// A URL of the kind `http://host:port/path`; what else URLs can have is not understood.
struct WebAddress {
    /// As it stands between the slashes: what the server wants to hear.
    let authority: String
    let endpoint: Endpoint
    let path: String

    init?(_ text: String) {
        guard text.hasPrefix("http://"), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        let rest = text.dropFirst("http://".count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = String(rest[..<slash])
        path = slash < rest.endIndex ? String(rest[slash...]) : "/"

        // The colon before the port, not one of those in `[::1]`.
        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        let colon = authority[bracket...].lastIndex(of: ":") ?? authority.endIndex
        var host = authority[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        let digits = authority[colon...].dropFirst()
        guard !host.isEmpty, let port = digits.isEmpty ? 80 : Int(digits),
            (1...65_535).contains(port)
        else { return nil }
        endpoint = .host(String(host), port: port)
    }
}
