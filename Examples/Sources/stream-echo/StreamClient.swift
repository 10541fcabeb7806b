import ExampleSupport
import UVLoop

/// Sends the texts one after the other, and prints what comes back.
func talk(port: Int, texts: [String]) throws {
    try EventLoop.run { loop in
        try await loop.withConnection(to: .host("localhost", port: port)) { stream in
            for text in texts where !text.isEmpty {
                try await stream.send(text)
                let echo = try await stream.receive(exactly: text.utf8.count, timeout: .seconds(5))
                guard let echo else { return say("the server has ended the conversation") }
                say(String(decoding: echo, as: UTF8.self))
            }
        }
    }
}
