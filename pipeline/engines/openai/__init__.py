"""The remote engine: any server with OpenAI's speech route, POST /audio/speech."""
