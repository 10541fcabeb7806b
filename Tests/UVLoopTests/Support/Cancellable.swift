import Testing

@testable import UVLoop

/// An operation of a stream that is a cancellation point.
struct Cancellable: CustomTestStringConvertible, Sendable {
    let name: String
    let operation: Caller.StreamWork<Void>

    var testDescription: String { name }

    static let receiving: [Cancellable] = [
        .init(name: "receive") { _ = try await $0.receive() },
        .init(name: "receiveUpTo") { _ = try await $0.receive(upTo: 3, timeout: .seconds(500)) },
        .init(name: "receiveExactly") { _ = try await $0.receive(exactly: 30) },
        .init(name: "receiveUntil") { _ = try await $0.receive(until: "\n") },
        .init(name: "receiveLine") { _ = try await $0.receiveLine() },
        .init(name: "withReceived") { _ = try await $0.withReceived { $0.byteCount } },
        .init(name: "withReceivedExactly") {
            _ = try await $0.withReceived(exactly: 30) { $0.byteCount }
        },
        .init(name: "peek") { _ = try await $0.peek(atLeast: 30) },
        .init(name: "iteration") { for try await _ in $0 { return } },
        .init(name: "lines") { for try await _ in $0.lines { return } },
        .init(name: "into") {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 30, alignment: 1)
            defer { memory.deallocate() }
            _ = try await $0.receive(into: memory)
        },
        .init(name: "filling") {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 30, alignment: 1)
            defer { memory.deallocate() }
            _ = try await $0.receive(filling: memory)
        },
    ]

    static let sending: [Cancellable] = [
        .init(name: "send") { try await $0.send(pattern(100)) },
        .init(name: "sendString") { try await $0.send("hundred") },
        .init(name: "sendAll") { try await $0.sendAll(["a", "b"]) },
        .init(name: "waitForRoom") { try await $0.waitForRoom() },
    ]

    static let others: [Cancellable] = [
        .init(name: "invalidReceive") { _ = try await $0.receive(upTo: 0) },
        .init(name: "invalidExactly") { _ = try await $0.receive(exactly: 0) },
        .init(name: "invalidWithReceived") {
            _ = try await $0.withReceived(upTo: 0) { $0.byteCount }
        },
        .init(name: "invalidWithReceivedExactly") {
            _ = try await $0.withReceived(exactly: 0) { $0.byteCount }
        },
        .init(name: "invalidUntil") { _ = try await $0.receive(until: "") },
        .init(name: "invalidPeek") { _ = try await $0.peek(atLeast: 0) },
        .init(name: "sendNothing") { try await $0.send([]) },
        .init(name: "sendEOF") { try await $0.sendEOF() },
    ]
}
