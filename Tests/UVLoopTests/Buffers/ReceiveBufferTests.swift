import Testing

@testable import UVLoop

@Suite struct ReceiveBufferTests {
    @Test func quick() {
        var b = ReceiveBuffer(limit: 100)
        let r = b.reserve(10); #expect(r.count == 100)
        r.copyBytes(from: Array("hello\r".utf8)); b.commit(6)
        #expect(b.firstIndex(of: "\r\n") == nil)
        "\nworld".withUnsafeBytes { b.append($0) }
        #expect(b.firstIndex(of: "\r\n", from: 5) == 5)
        #expect(b.take(7) == Array("hello\r\n".utf8))
        #expect(b.firstIndex(of: UInt8(ascii: "l")) == 3)
        #expect(b.takeAll() == Array("world".utf8))
        #expect(MemoryLayout<ReceiveBuffer>.size == 40)
    }
}
