import Testing

@testable import UVLoop

/// What datagram sockets send and receive.
@Suite(.timeLimit(.minutes(1)))
struct DatagramSocketTests {
    @Test(arguments: [SocketAddress.anyPortIPv4, .anyPortIPv6])
    func echoFromAnywhere(_ address: SocketAddress) async throws {
        let thread = try EventLoopThread(name: "test")
        // Not on the loop: every call hops there.
        let server = try await thread.loop.datagramSocket(boundTo: .address(address))
        let client = try await thread.loop.datagramSocket(
            connectedTo: .address(server.localAddress))
        #expect(server.remoteAddress == nil)
        #expect(client.remoteAddress == server.localAddress)
        let echo = Task {
            for try await datagram in server {
                try await server.send(datagram.bytes, to: datagram.sender)
            }
        }
        for text in ["one", "", "three"] {
            try await client.send(text)
            let answer = try await client.receive()
            #expect(answer == Datagram([UInt8](text.utf8), from: server.localAddress))
        }
        // Ends the iteration, too.
        try await server.close()
        try await echo.value
        try await client.close()
        await thread.shutdown()
    }

    /// An actor of a user's on the loop.
    private actor Asker {
        private let loop: EventLoop
        private(set) var answers: [String] = []

        init(on loop: EventLoop) { self.loop = loop }

        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

        func ask(_ socket: DatagramSocket, _ question: String) async throws {
            try await socket.send(question)
            answers.append(String(decoding: try await socket.receive().bytes, as: UTF8.self))
            loop.preconditionOnThread("Asker")
        }
    }

    @Test func anActorOnTheLoopUsesItDirectly() async throws {
        try await onLoop { loop in
            let server = try loop.openDatagram(boundToAddress: .anyPortIPv4, DatagramEcho())
            let client = try await loop.datagramSocket(connectedTo: .address(server.localAddress))
            let asker = Asker(on: loop)
            for number in 0..<5 { try await asker.ask(client, "\(number)") }
            let answers = await asker.answers
            #expect(answers == ["0", "1", "2", "3", "4"])
        }
    }

    @Test func manyTasksMaySend() async throws {
        let thread = try EventLoopThread(name: "test")
        let server = try await thread.loop.datagramSocket(boundTo: .address(.anyPortIPv4))
        try await server.setReceiveBufferSize(4_000_000)
        let client = try await thread.loop.datagramSocket(
            connectedTo: .address(server.localAddress))
        try await withThrowingTaskGroup { group in
            for sender in 0..<8 {
                group.addTask {
                    for number in 0..<20 { try await client.send("\(sender) \(number)") }
                }
            }
            try await group.waitForAll()
        }
        var received: [String] = []
        while received.count < 160 {
            received.append(String(decoding: try await server.receive().bytes, as: UTF8.self))
        }
        #expect(Set(received).count == 160)
        for sender in 0..<8 {
            let own = received.filter { $0.hasPrefix("\(sender) ") }
            #expect(own == (0..<20).map { "\(sender) \($0)" })
        }
        await thread.shutdown()
    }

    @Test func theLargestDatagramGoesAndALargerOneIsRefused() async throws {
        try await onLoop { loop in
            let socket = try await loop.datagramSocket(boundTo: .address(.anyPortIPv4))
            let largest = (0..<65_507).map { UInt8(truncatingIfNeeded: $0) }
            await #expect(throws: UVError.messageTooLong) {
                try await socket.send(largest + [0], to: socket.localAddress)
            }
            try await socket.send(largest, to: socket.localAddress)
            let datagram = try await socket.receive()
            #expect(datagram == Datagram(largest, from: socket.localAddress))
        }
    }

    @Test func receivingIntoMemoryOfTheCaller() async throws {
        let thread = try EventLoopThread(name: "test")
        let socket = try await thread.loop.datagramSocket(boundTo: .address(.anyPortIPv4))
        let peer = try RawDatagramSocket()
        // Sound: one task at a time uses it.
        nonisolated(unsafe) let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: 4, alignment: 1)
        defer { memory.deallocate() }
        for isWaiting in [false, true] {
            for (text, count) in [("abc", 3), ("", 0), ("abcdef", 4), ("abcd", 4)] {
                memory.initializeMemory(as: UInt8.self, repeating: 0)
                let before = isWaiting ? nil : text
                if let before { try peer.send(before, to: socket.localAddress) }
                let task = Task { try await socket.receive(into: memory) }
                if isWaiting {
                    try await thread.loop.perform { loop in
                        try await until(loop) { socket.receiver.arrival.isOccupied }
                    }
                    try peer.send(text, to: socket.localAddress)
                }
                let received = try await task.value
                #expect(received.byteCount == count)
                #expect(received.sender == peer.localAddress)
                #expect(received.isTruncated == (text.utf8.count > count))
                #expect([UInt8](memory[..<count]) == [UInt8](text.utf8.prefix(count)))
            }
        }
        let received = try await {
            try peer.send("lost", to: socket.localAddress)
            return try await socket.receive(
                into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        }()
        #expect(received.byteCount == 0)
        #expect(received.isTruncated)
        peer.close()
        await thread.shutdown()
    }

    @Test func truncationIsTold() async throws {
        try await onLoop { loop in
            let socket = try await loop.datagramSocket(boundTo: .address(.anyPortIPv4))
            let bytes: [UInt8] = [1, 2]
            socket.receiver.truncatedDatagramReceived(bytes.span.bytes, from: .anyPortIPv4)
            let datagram = try await socket.receive()
            #expect(datagram == Datagram(bytes, from: .anyPortIPv4, isTruncated: true))
        }
    }

    // MARK: Errors

    @Test func aRefusalIsThrownOnceByTheReceiveThatWaits() async throws {
        try await onLoop { loop in
            let (peer, other) = (try RawDatagramSocket(), try RawDatagramSocket())
            try peer.connect(to: other.localAddress)
            let socket = try await loop.datagramSocket(connectedTo: .address(peer.localAddress))
            let receiving = Task { try await socket.receive() }
            try await until(loop) { socket.receiver.arrival.isOccupied }
            try await socket.send("lost")
            await #expect(throws: UVError.connectionRefused) { try await receiving.value }
            try peer.connect(to: socket.localAddress)
            try await socket.send("heard")
            let text = try await offThread { try peer.receiveText() }
            #expect(text == "heard")
            try peer.send("answer")
            let datagram = try await socket.receive()
            #expect(datagram.bytes == [UInt8]("answer".utf8))
            peer.close()
            other.close()
        }
    }

    @Test(arguments: [true, false])
    func aRefusalIsThrownOnceByWhatComesNext(isSend: Bool) async throws {
        try await onLoop { loop in
            let (peer, other) = (try RawDatagramSocket(), try RawDatagramSocket())
            try peer.connect(to: other.localAddress)
            let socket = try await loop.datagramSocket(connectedTo: .address(peer.localAddress))
            try await socket.send("lost")
            try await until(loop) { socket.receiver.error != nil }
            try peer.connect(to: socket.localAddress)
            try peer.send("answer")
            await #expect(throws: UVError.connectionRefused) {
                if isSend {
                    try await socket.send("not sent")
                } else {
                    _ = try await socket.receive()
                }
            }
            try await socket.send("heard")
            let text = try await offThread { try peer.receiveText() }
            #expect(text == "heard")
            let datagram = try await socket.receive()
            #expect(datagram.bytes == [UInt8]("answer".utf8))
            peer.close()
            other.close()
        }
    }

    @Test func whatCannotBeOpenedIsTold() async throws {
        let thread = try EventLoopThread(name: "test")
        let loop = thread.loop
        let error = await #expect(throws: EndpointError.self) {
            try await loop.datagramSocket(boundTo: .ip("192.0.2.1", port: 0))
        }
        #expect(error?.code == .addressNotAvailable)
        for path in [\DatagramSocket.ReceiveLimits.datagrams, \.bytes] {
            var limits = DatagramSocket.ReceiveLimits()
            limits[keyPath: path] = 0
            await #expect(throws: StreamError.invalidArgument) {
                try await loop.datagramSocket(boundTo: .address(.anyPortIPv4), limits: limits)
            }
        }
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await loop.datagramSocket(boundTo: .host("localhost", port: 0))
        }
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        await thread.shutdown()
        await #expect(throws: EventLoopError.closed) {
            try await loop.datagramSocket(boundTo: .address(.anyPortIPv4))
        }
    }

    @Test func aLookUpCanBeCancelled() async throws {
        try await onLoop { loop in
            let task = loop.spawn { loop in
                try await loop.datagramSocket(connectedTo: .host("localhost", port: 9))
            }
            await turns(loop, for: .zero)
            task.cancel()
            // The look-up may have been faster.
            switch await task.result {
            case .success(let socket): socket.abort()
            case .failure(let error): #expect(error is CancellationError)
            }
            try await until(loop) { !loop.core.hasUserHandles }
        }
    }

    // MARK: Options

    @Test func groupsAndOptionsFromAnyTask() async throws {
        let thread = try EventLoopThread(name: "test")
        let member = try await thread.loop.datagramSocket(boundTo: .ip("0.0.0.0", port: 0))
        let sender = try await thread.loop.datagramSocket(boundTo: .address(.anyPortIPv4))
        let group = "239.255.77.89"
        try await member.joinGroup(group, onInterface: "127.0.0.1")
        try await sender.setMulticastInterface("127.0.0.1")
        try await sender.setMulticastTTL(0)
        try await sender.setMulticastLoop(true)
        let target = try SocketAddress(ip: group, port: member.localAddress.port)
        try await sender.send("to the group", to: target)
        let datagram = try await member.receive()
        #expect(datagram.bytes == [UInt8]("to the group".utf8))
        try await member.leaveGroup(group, onInterface: "127.0.0.1")
        await #expect(throws: UVError.addressNotAvailable) {
            try await member.leaveGroup(group, onInterface: "127.0.0.1")
        }
        let all = try SocketAddress(ip: "127.255.255.255", port: target.port)
        await #expect(throws: UVError.permissionDenied) { try await sender.send("", to: all) }
        try await sender.setBroadcast(true)
        try await sender.send("to all", to: all)
        let second = try await member.receive()
        #expect(second.bytes == [UInt8]("to all".utf8))
        try await sender.setTTL(3)
        try await sender.setSendBufferSize(20_000)
        let (level, name) = (0, 2)  // IPPROTO_IP, IP_TTL on Linux
        #expect(try await sender.socketOption(level: level, name: name) == 3)
        try await sender.setSocketOption(level: level, name: name, to: 4)
        #expect(try await sender.socketOption(level: level, name: name) == 4)
        await thread.shutdown()
    }
}
