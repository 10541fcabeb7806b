/// Cuts received bytes into lines, which end with a line feed; a carriage return before it, as
/// telnet sends it, does not belong to the line.
///
/// Keeps `limit` bytes at the most: of a longer line nothing is delivered but the fact.
struct LineSplitter {
    enum Piece: Equatable {
        case line(String)
        case tooLong
    }

    let limit: Int
    private var line: [UInt8] = []
    private var isTooLong = false

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes one byte; the piece that it ends, if any.
    mutating func take(_ byte: UInt8) -> Piece? {
        guard byte == UInt8(ascii: "\n") else {
            if line.count < limit { line.append(byte) } else { isTooLong = true }
            return nil
        }
        defer {
            line.removeAll(keepingCapacity: true)
            isTooLong = false
        }
        if isTooLong { return .tooLong }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return .line(Self.printable(line))
    }

    /// The text without control characters: nobody may send others what steers their terminals.
    private static func printable(_ bytes: [UInt8]) -> String {
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        return String(
            String.UnicodeScalarView(scalars.filter { $0.properties.generalCategory != .control }))
    }
}
