import UVLoop
import Testing

final class Echo: BufferedProtocol {
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private unowned var transport: Transport!
    deinit { memory.deallocate() }
    func connectionMade(_ transport: Transport) { self.transport = transport }
    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { memory }
    func bufferUpdated(_ count: Int) throws { try transport.write(UnsafeRawBufferPointer(rebasing: memory[..<count])) }
}
final class Client: PlainProtocol {
    var got: [UInt8] = []
    let done: () -> Void
    init(_ done: @escaping () -> Void) { self.done = done }
    var transport: Transport?
    func connectionMade(_ transport: Transport) throws { self.transport = transport; try transport.write("hello") }
    func dataReceived(_ data: RawSpan) { got += [UInt8](data); if got.count == 5 { transport?.close() } }
    func connectionLost(_ error: (any Error)?) { print("lost", error as Any); transport = nil; done() }
}
@Test func smoke() throws {
    try EventLoop.run { loop in
        let server = try await loop.listen(on: .ip("127.0.0.1", port: 0)) { Echo() }
        print(server.port)
        let order = loop.callLater(.milliseconds(5)) { print("5ms") }
        _ = order
        let c = Client { server.close() }
        _ = try await loop.connect(to: .ip("127.0.0.1", port: server.port), c)
        try await server.waitClosed()
        print(String(decoding: c.got, as: UTF8.self))
        loop.callSoon { print("soon") }
        await Task.yield()
    }
}
