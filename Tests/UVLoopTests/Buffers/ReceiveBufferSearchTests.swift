import Testing

@testable import UVLoop

@Suite struct ReceiveBufferSearchTests {
    /// Where a delimiter first is, found by trying.
    static func place(of delimiter: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
        guard bytes.count - delimiter.count >= from else { return nil }
        return (from...bytes.count - delimiter.count).first {
            bytes[$0..<$0 + delimiter.count].elementsEqual(delimiter)
        }
    }

    /// A buffer whose bytes do not begin at the front of its memory.
    private func buffer(_ text: String) -> ReceiveBuffer {
        var buffer = ReceiveBuffer()
        buffer.append("---")
        buffer.append(text)
        buffer.removeFirst(3)
        return buffer
    }

    @Test func aByteIsFound() {
        let buffer = buffer("one\ntwo\n")
        let feed = UInt8(ascii: "\n")
        #expect(buffer.firstIndex(of: feed) == 3)
        #expect(buffer.firstIndex(of: feed, from: 3) == 3)
        #expect(buffer.firstIndex(of: feed, from: 4) == 7)
        #expect(buffer.firstIndex(of: feed, from: 8) == nil)
        #expect(buffer.firstIndex(of: UInt8(ascii: "-")) == nil)
    }

    @Test func aDelimiterIsFound() {
        let buffer = buffer("one\r\ntwo\r\n")
        #expect(buffer.firstIndex(of: "\r\n") == 3)
        #expect(buffer.firstIndex(of: "\r\n", from: 3) == 3)
        #expect(buffer.firstIndex(of: "\r\n", from: 4) == 8)
        #expect(buffer.firstIndex(of: "\r\n", from: 9) == nil)
        #expect(buffer.firstIndex(of: "\r\n", from: 10) == nil)
        #expect(buffer.firstIndex(of: [111, 110] as [UInt8]) == 0)
        #expect(buffer.firstIndex(of: "one\r\ntwo\r\n") == 0)
        #expect(buffer.firstIndex(of: "one\r\ntwo\r\n!") == nil)
        #expect(buffer.firstIndex(of: "\n" as StaticString) == 4)
    }

    @Test func whatIsNotThereIsNotFound() {
        var buffer = buffer("ends in \r")
        #expect(buffer.firstIndex(of: "\r\n") == nil)
        // Behind the end and before the front lie what was and what may be.
        buffer.reserve(1)[0] = UInt8(ascii: "\n")
        #expect(buffer.firstIndex(of: "\r\n") == nil)
        #expect(buffer.firstIndex(of: UInt8(ascii: "\n")) == nil)
        buffer.removeFirst(1)
        #expect(buffer.firstIndex(of: "en") == nil)
        #expect(buffer.firstIndex(of: "n") == 0)
    }

    @Test(arguments: 1..<4)
    func aDelimiterMaySpanSeveralCommits(_ size: Int) {
        var buffer = ReceiveBuffer()
        let text = Array("header: 1\r\n\r\nbody".utf8)
        var from = 0
        for start in stride(from: 0, to: 12, by: size) {
            #expect(buffer.firstIndex(of: "\r\n\r\n", from: from) == nil)
            from = max(from, buffer.count - 3)
            buffer.append(text[start..<start + size])
        }
        buffer.append(text[12...])
        #expect(buffer.firstIndex(of: "\r\n\r\n", from: from) == 9)
        #expect(buffer.firstIndex(of: "\r\n\r\n") == 9)
    }

    @Test func aDelimiterMayBeginInsideAFalseOne() {
        #expect(buffer("aaaab").firstIndex(of: "aab") == 2)
        #expect(buffer("\r\r\n\r\r\n\r\n").firstIndex(of: "\r\n\r\n") == 4)
        #expect(buffer("ababac").firstIndex(of: "abac") == 2)
        #expect(buffer("aaaa").firstIndex(of: "aa", from: 1) == 1)
    }

    @Test(arguments: [0, 1, 14, 15, 16, 17, 18, 100, 5_000])
    func falseBeginningsDoNotHideIt(_ count: Int) {
        let text = String(repeating: "\r", count: count)
        #expect(buffer(text + "\r\n").firstIndex(of: "\r\n") == count)
        #expect(buffer(text).firstIndex(of: "\r\n") == nil)
        #expect(buffer("x" + text + "\r\n").firstIndex(of: "\r\n", from: 1) == count + 1)
    }

    @Test func theEmptyDelimiterIsWhereTheSearchBegins() {
        #expect(buffer("abc").firstIndex(of: "") == 0)
        #expect(buffer("abc").firstIndex(of: "", from: 2) == 2)
        #expect(buffer("abc").firstIndex(of: [UInt8](), from: 3) == 3)
        #expect(ReceiveBuffer().firstIndex(of: "") == 0)
    }

    /// A second search as the documentation says finds what one from the front would find.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func searchesGoOnWhereTheLastEnded(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func letters(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in UInt8.random(in: 97...98, using: &random) }
        }
        for _ in 0..<50 {
            let delimiter = letters(Int.random(in: 1...9, using: &random))
            let text = letters(Int.random(in: 0...300, using: &random))
            let place = Self.place(of: delimiter, in: text, from: 0)
            var buffer = ReceiveBuffer()
            var (rest, from, found) = (text[...], 0, nil as Int?)
            while found == nil, !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...20, using: &random))
                rest = rest.dropFirst(piece.count)
                buffer.append(piece)
                found = buffer.firstIndex(of: delimiter, from: from)
                from = max(from, buffer.count - (delimiter.count - 1))
            }
            #expect(found == place)
        }
    }
}
