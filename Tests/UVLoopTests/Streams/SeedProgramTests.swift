import Testing

@testable import UVLoop

/// The seed programs, with peers that do exactly what a test says.
@Suite(.timeLimit(.minutes(1)))
struct SeedProgramTests {
    // MARK: Echo

    private func talkingToEcho(_ talk: @escaping @Sendable (RawSocket) throws -> Void) async throws
    {
        try await onLoop { loop in
            try await serving(loop) {
                try await SeedPrograms.echo($0)
            } while: { listener in
                let address = listener.addresses[0]
                try await offThread {
                    let peer = try RawSocket.connect(to: address)
                    defer { peer.close() }
                    try talk(peer)
                }
            }
        }
    }

    @Test func echoAnswersAndEndsOnQuit() async throws {
        try await talkingToEcho { peer in
            let bytes = scrambled(10_000)
            try peer.send("hello")
            #expect(try peer.receive(exactly: 5) == Array("hello".utf8))
            try peer.send(bytes)
            #expect(try peer.receive(exactly: bytes.count) == bytes)
            try peer.send("quit")
            #expect(try peer.receiveToEnd() == Array("quit".utf8))
        }
    }

    @Test func echoEndsWithItsClient() async throws {
        try await talkingToEcho { peer in
            try peer.send("the end")
            peer.endWriting()
            #expect(try peer.receiveToEnd() == Array("the end".utf8))
        }
    }

    // MARK: Lines

    private func answers(
        to sent: String, ending: Bool = true, patience: Duration = .seconds(50)
    ) async throws -> String {
        try await onLoop { loop in
            try await serving(loop) {
                try await SeedPrograms.capitals($0, patience: patience)
            } while: { listener in
                let address = listener.addresses[0]
                return try await offThread {
                    let peer = try RawSocket.connect(to: address)
                    defer { peer.close() }
                    try peer.send(sent)
                    if ending { peer.endWriting() }
                    return String(decoding: try peer.receiveToEnd(), as: UTF8.self)
                }
            }
        }
    }

    @Test func linesAreAnsweredToTheLast() async throws {
        let text = try await answers(to: "one\r\ntwo\n\nthe rest")
        #expect(text == "ONE\nTWO\n\nTHE REST\n")
    }

    @Test func aLineThatIsTooLongEndsIt() async throws {
        let text = try await answers(
            to: "one\n" + String(repeating: "x", count: 100_000), ending: false)
        #expect(text == "ONE\n! too long\n")
    }

    @Test func aLineThatDoesNotComeEndsIt() async throws {
        let text = try await answers(
            to: "one\nand half of", ending: false, patience: .milliseconds(100))
        #expect(text == "ONE\n! too late\n")
    }

    // MARK: Files

    @Test func filesAreFetched() async throws {
        let files = ["/": Array("index".utf8), "/large": scrambled(3_000_000), "/empty": []]
        try await onLoop { loop in
            try await serving(loop) {
                try await SeedPrograms.answer($0, files: files)
            } while: { listener in
                for (path, bytes) in files {
                    let answer = try await SeedPrograms.fetch(
                        path, from: .address(listener.addresses[0]), on: loop)
                    #expect(answer.status == 200)
                    #expect(answer.length == bytes.count)
                    #expect(answer.body == bytes)
                }
                let answer = try await SeedPrograms.fetch(
                    "/nowhere", from: .address(listener.addresses[0]), on: loop)
                #expect(answer.status == 404)
            }
        }
    }

    // MARK: Proxy

    /// The two sides of a proxy between raw sockets, and their streams in the proxy.
    private struct Proxied: Sendable {
        let client, server: RawSocket
        let near, far: SocketStream
    }

    /// Joins two raw sockets while a closure runs; throws what the joining does.
    ///
    /// - Parameter closesClient: false if the closure does.
    private func proxying(
        closesClient: Bool = true, _ body: @escaping @Sendable (Proxied) async throws -> Void
    ) async throws {
        try await onLoop { loop in
            let target = try RawSocket.listener()
            defer { target.close() }
            let listener = try await loop.listen(on: .ip("127.0.0.1", port: 0))
            let client = try RawSocket.connect(to: listener.addresses[0])
            let near = try #require(try await listener.accept())
            let far = try await loop.connect(to: .address(target.localAddress))
            let server = try target.accept()
            let proxied = Proxied(client: client, server: server, near: near, far: far)
            defer {
                if closesClient { client.close() }
                server.close()
            }
            async let joining: Void = SeedPrograms.join(near, far)
            try await body(proxied)
            try await joining
            try await near.close()
            try await far.close()
        }
    }

    @Test(arguments: [true, false])
    func eachDirectionEndsByItself(clientEndsFirst: Bool) async throws {
        try await proxying { proxied in
            let (first, second) =
                clientEndsFirst
                ? (proxied.client, proxied.server) : (proxied.server, proxied.client)
            try await offThread {
                try first.send("question")
                first.endWriting()
                #expect(try second.receiveToEnd() == Array("question".utf8))
                // The other direction goes on for as long as it likes.
                for number in 0..<100 {
                    try second.send("answer \(number)\n")
                    let answer = try first.receive(exactly: "answer \(number)\n".utf8.count)
                    #expect(answer == Array("answer \(number)\n".utf8))
                }
                second.endWriting()
                #expect(try first.receiveToEnd() == [])
            }
        }
    }

    /// Who sends faster than the other side reads has to wait, and the proxy keeps little of it.
    @Test(arguments: [true, false])
    func aSlowReaderMakesTheOtherSideWait(clientSends: Bool) async throws {
        let bytes = scrambled(40_000_000)
        try await proxying { proxied in
            let (sender, reader) =
                clientSends ? (proxied.client, proxied.server) : (proxied.server, proxied.client)
            let (from, to) =
                clientSends ? (proxied.near, proxied.far) : (proxied.far, proxied.near)
            async let sending: Void = offThread {
                try sender.send(bytes)
                sender.endWriting()
            }
            // Nobody reads: it comes to a stand when the buffers on the way are full.
            try await from.loop.perform { loop in
                try await until(loop) {
                    from.core.readAhead?.isFull == true && to.transport.isWritingPaused
                }
                // A chunk of at most 65,536 bytes may follow while there is room for one byte.
                #expect(to.transport.bufferedByteCount <= 65_536 + 65_536)
                #expect(from.core.readAhead!.buffer.count <= 65_536)
            }
            let received = try await offThread { try reader.receiveToEnd(slowly: true) }
            try await sending
            #expect(received == bytes)
            reader.endWriting()
        }
    }

    @Test func anAbortedSideAbortsTheOther() async throws {
        await #expect(throws: StreamError.broken(.connectionReset)) {
            try await proxying(closesClient: false) { proxied in
                try await offThread {
                    try proxied.client.send("half of a")
                    #expect(try proxied.server.receive(exactly: 9) == Array("half of a".utf8))
                    proxied.client.reset()
                    // Not the end of a message: that would have let the server answer.
                    #expect(try proxied.server.receiveToEnd() == [])
                }
            }
        }
    }

    // MARK: What is not installed

    @Test func aMissingProgramIsNamed() {
        let error = #expect(throws: ForeignProgram.Missing.self) {
            try ForeignProgram(["no-such-program"])
        }
        #expect(error?.description.contains("no-such-program") == true)
        #expect(error?.description.contains("./dev setup") == true)
    }
}
