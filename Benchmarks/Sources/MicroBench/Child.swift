import Foundation

/// A process that measures one thing and prints its figures: executors are replaced for good, and
/// what another library leaves behind is not to be in the next figure.
enum Child {
    static let thisProgram = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()

    static func figures(of program: URL = thisProgram, _ arguments: [String]) throws -> [Double] {
        let process = Process()
        let output = Pipe()
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let figures = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard process.terminationStatus == 0, !figures.isEmpty else {
            fatalError("the child for \(arguments.joined(separator: " ")) failed: \(text)")
        }
        return figures
    }
}

/// What is measured of other libraries, each piece in a process of its own.
enum PeerWork: String {
    /// Three figures: to start, to stop, and to stop in random order.
    case manyTimers = "many-timers"
    case startStop = "start-stop"
    case sleep
    case closures
    case posts
    case waits
    case processes

    /// The program of the package that fetches SwiftNIO, if `Peers/setup` has built it.
    static let swiftNIO: URL? = {
        var folder = Child.thisProgram
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let program = folder.appendingPathComponent(
                "Peers/SwiftNIO/.build/release/NIOMicroBench")
            if FileManager.default.isExecutableFile(atPath: program.path) { return program }
        }
        return nil
    }()

    /// Of SwiftNIO; nil if it is not built.
    var nio: (() throws -> [Double])? {
        guard let program = Self.swiftNIO else { return nil }
        return { try Child.figures(of: program, [rawValue]) }
    }

    static let dispatchArgument = "--dispatch"

    /// Of Dispatch, or of Foundation on it.
    func dispatch() throws -> [Double] {
        try Child.figures([Self.dispatchArgument, rawValue])
    }

    /// The child's side of Dispatch.
    static func runDispatch(_ arguments: [String]) throws {
        guard let work = arguments.first.flatMap(PeerWork.init) else { fatalError("which work?") }
        let figures: [Double] =
            switch work {
            case .manyTimers: DispatchWork.manyTimers()
            case .startStop: [DispatchWork.startAndStop()]
            case .sleep: [DispatchWork.sleep()]
            case .closures: [DispatchWork.closures()]
            case .posts: [DispatchWork.posts()]
            case .processes: [try Processes.foundation()]
            case .waits: fatalError("Dispatch has no tasks that read")
            }
        print(figures.map { "\($0)" }.joined(separator: " "))
    }
}
