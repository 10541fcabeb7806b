import Testing
import UVLoop

// The code of the article about files: see `Snippets`.

@Suite struct FileSnippets {
    @Test func wholeFiles() async throws {
        try await withDirectory { directory in
            let path = directory.file("settings")
            try await onLoop { loop in
                try await loop.files.write("color = dark\n", to: path, .replacing)
                let text = try await loop.files.readText(path)
                #expect(text == "color = dark\n")
            }
        }
    }

    @Test func openFiles() async throws {
        try await withDirectory { directory in
            let path = directory.file("table")
            try await onLoop { loop in
                try await loop.files.withFile(path, [.readWrite, .create]) { file in
                    try await file.write("header", at: 0)
                    try await file.write("record", at: 4_096)
                    let header = try await file.read(16, at: 0)
                    print(header.count, try await file.stat().size)
                }
            }
        }
    }

    @Test func directories() async throws {
        try await withDirectory { directory in
            let folder = directory.path
            try directory.make("a", [1, 2])
            let sum = try await onLoop { loop in
                var size = 0
                for try await entry in loop.files.entries(of: folder) where entry.kind == .regular {
                    size += try await loop.files.stat("\(folder)/\(entry.name)").size
                }
                try await loop.files.withTemporaryDirectory { folder in
                    try await loop.files.makeDirectory("\(folder)/a/b", withParents: true)
                    try await loop.files.write("draft", to: "\(folder)/a/b/text")
                }
                return size
            }
            #expect(sum == 2)
        }
    }

    private static func nextText(_ loop: EventLoop, _ path: String) async throws -> String? {
        for try await change in try await loop.files.watchFile(path) {
            if case .removed = change { continue }
            return try await loop.files.readText(path)
        }
        return nil
    }

    @Test func changes() async throws {
        try await withDirectory { directory in
            let path = directory.file("settings")
            try await onLoop { loop in
                async let text = Self.nextText(loop, path)
                let writing = loop.spawn { loop in
                    // Until the watch has heard of it.
                    for number in 0... {
                        try await loop.files.write("\(number)", to: path, .replacing)
                        try await loop.sleep(for: .milliseconds(1))
                    }
                }
                let found = try await text
                #expect(found != nil)
                writing.cancel()
            }
        }
    }

    @Test func callbacks() async throws {
        try await withDirectory { directory in
            let path = try directory.make("file", [1, 2])
            try await withLoop { loop in
                try loop.files.start(.open(path)) { result in
                    let file = try result.get()
                    try loop.files.start(.read(file, 16, at: 0)) { print(try $0.get()) }
                    try loop.files.start(.close(file)) { try $0.get() }
                }
                try loop.run()
            }
        }
    }

    private static func textIfThere(_ loop: EventLoop, _ path: String) async throws -> String {
        do {
            return try await loop.files.readText(path)
        } catch let error as FileError where error.code == .noSuchFileOrDirectory {
            return ""
        }
    }

    @Test func errors() async throws {
        try await onLoop { loop in
            let text = try await Self.textIfThere(loop, "nowhere/at/all")
            #expect(text == "")
        }
    }
}
