import Foundation

/// What runs a server, and what it needs.
enum ServerProgram {
    /// A product of this package.
    case built(String)
    /// The package below `Peers` that fetches SwiftNIO.
    case swiftNIO
    case asyncio
    case uvloop
    case node

    /// The beginning of a command line. Its process is the server itself, never a shell or a shim
    /// that starts it: CPU time and memory are those of this process.
    struct Command {
        var path: String
        var arguments: [String] = []
    }

    /// What `Peers/setup` calls it, if that can get it.
    var setupName: String? {
        switch self {
        case .swiftNIO: "nio"
        case .uvloop: "uvloop"
        case .built, .asyncio, .node: nil
        }
    }

    /// Fails with how to get what the machine lacks.
    func command() throws(Failure) -> Command {
        switch self {
        case .built(let name):
            return Command(path: try SiblingPrograms.path(of: name))
        case .swiftNIO:
            let path = try Peers.path("SwiftNIO/.build/release/NIOServer")
            return Command(path: try Self.existing(path, else: "Benchmarks/Peers/setup nio"))
        case .asyncio:
            // The same interpreter as for uvloop, if there is one.
            let own = try Peers.environmentPython()
            let path =
                FileManager.default.isExecutableFile(atPath: own)
                ? own : try Interpreter.python.path()
            return Command(
                path: path, arguments: [try Peers.path("python/server.py"), "--loop", "asyncio"])
        case .uvloop:
            let path = try Self.existing(
                try Peers.environmentPython(), else: "Benchmarks/Peers/setup uvloop")
            return Command(
                path: path, arguments: [try Peers.path("python/server.py"), "--loop", "uvloop"])
        case .node:
            return Command(
                path: try Interpreter.node.path(), arguments: [try Peers.path("node/server.js")])
        }
    }

    private static func existing(_ path: String, else command: String) throws(Failure) -> String {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Failure(message: "to have it, run: \(command)")
        }
        return path
    }
}

/// The folder of the servers that others' platforms run.
enum Peers {
    static func path(_ relative: String) throws(Failure) -> String {
        try benchmarks().appendingPathComponent("Peers/\(relative)").path
    }

    /// Where `Peers/setup` puts Python with uvloop.
    static func environmentPython() throws(Failure) -> String {
        try benchmarks().appendingPathComponent(".build/peers/python/bin/python3").path
    }

    /// This program is somewhere below it.
    private static func benchmarks() throws(Failure) -> URL {
        var folder = URL(fileURLWithPath: try SiblingPrograms.directory())
        while folder.path != "/" {
            let setup = folder.appendingPathComponent("Peers/setup").path
            if FileManager.default.fileExists(atPath: setup) { return folder }
            folder.deleteLastPathComponent()
        }
        throw Failure(message: "its folder Benchmarks/Peers is not above this program's")
    }
}

/// A language's interpreter, which is somewhere on the path.
struct Interpreter {
    let name: String
    /// Lets it print where its program really is: what is on the path may be a shim that starts
    /// another process.
    let question: [String]
    let hint: String

    static let python = Interpreter(
        name: "python3", question: ["-c", "import sys; print(sys.executable)"],
        hint: "install Python 3.8 or later")
    static let node = Interpreter(
        name: "node", question: ["-p", "process.execPath"], hint: "install Node 16.17 or later")

    func path() throws(Failure) -> String {
        let asked = try ChildProcess(path: "/usr/bin/env", arguments: [name] + question)
        let path = asked.readLine(within: 10) ?? ""
        guard asked.ending(within: 10) == .exited(0),
            FileManager.default.isExecutableFile(atPath: path)
        else { throw Failure(message: "to have it, \(hint)") }
        return path
    }
}
