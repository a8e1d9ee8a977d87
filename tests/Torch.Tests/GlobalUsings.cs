global using System.Runtime.InteropServices;
global using TorchSharp;
global using static TorchSharp.torch;
